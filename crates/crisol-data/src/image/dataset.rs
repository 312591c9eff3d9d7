//! [`ImageDataset`]: a subset of a folder's images as a [`Dataset`], with what is known about its files.

use super::resize::Bilinear;
use super::scan::{Good, Skipped, Target};
use crate::{Array, Batch, Dataset, Error, ErrorKind, Result, Source};
use ndarray::{Array1, Array2, ArrayD, IxDyn};
use std::fmt;
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;

/// Which images of a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subset {
    /// What the split leaves for training.
    Training,
    /// What the split sets aside.
    Validation,
    /// All of them.
    All,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LabelMode {
    Int,
    Binary,
    Categorical,
    None,
}

/// A folder once it was scanned.
pub(crate) struct Found {
    pub(crate) class_names: Vec<String>,
    pub(crate) images: Vec<Good>,
    pub(crate) skipped: Vec<Skipped>,
    /// Files looked at, bad ones included.
    pub(crate) listed: usize,
    pub(crate) target: Target,
}

impl fmt::Debug for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} images of {:?}, {} skipped", self.images.len(), self.class_names, self.skipped.len())
    }
}

/// Images with their labels: a [`Dataset`] (use its methods directly) that knows its files.
///
/// `x` is float32 `[n, height, width, channels]` in 0..=255, `y` as [`label_mode`](super::ImageFolder::label_mode) says.
#[derive(Clone, Debug)]
pub struct ImageDataset {
    dataset: Dataset,
    found: Arc<Found>,
    rows: Arc<[usize]>,
    subset: Subset,
}

impl ImageDataset {
    pub(crate) fn new(
        found: Arc<Found>,
        rows: Vec<usize>,
        subset: Subset,
        labels: LabelMode,
        workers: usize,
        batch_size: Option<usize>,
        shuffle: Option<u64>,
    ) -> Self {
        let rows: Arc<[usize]> = rows.into();
        let source = Images { found: found.clone(), rows: rows.clone(), labels, workers };
        let mut dataset = Dataset::from_source(source);
        if let Some(seed) = shuffle {
            dataset = dataset.shuffle(usize::MAX, seed);
        }
        if let Some(size) = batch_size {
            dataset = dataset.batch(size);
        }
        ImageDataset { dataset, found, rows, subset }
    }

    /// Names of the classes; a label is a position in this list. Empty without labels.
    pub fn class_names(&self) -> &[String] {
        &self.found.class_names
    }

    /// Number of images in this subset.
    pub fn file_count(&self) -> usize {
        self.rows.len()
    }

    /// The images of this subset, in the order of the batches where that does not change from epoch to epoch.
    pub fn file_paths(&self) -> impl Iterator<Item = &Path> {
        self.rows.iter().map(|&row| self.found.images[row].entry.path.as_path())
    }

    /// Number of images of each class in this subset.
    pub fn class_counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.found.class_names.len()];
        for &row in self.rows.iter() {
            if let Some(count) = counts.get_mut(self.found.images[row].entry.class) {
                *count += 1;
            }
        }
        counts
    }

    /// Files of the whole folder that were left out, sorted by class and path, with the reason.
    pub fn skipped(&self) -> &[Skipped] {
        &self.found.skipped
    }

    /// Bytes of memory that the decoded images of the whole folder take.
    pub fn cache_bytes(&self) -> usize {
        self.found.images.iter().filter_map(|image| image.pixels.as_ref()).map(Vec::len).sum()
    }

    /// What Keras prints: `Found N files belonging to C classes.`, `Using M files for training.`, and how many files were left out.
    pub fn summary(&self) -> String {
        let found = &self.found;
        let mut text = format!("Found {} files", found.listed);
        if !found.class_names.is_empty() {
            text += &format!(" belonging to {} classes", found.class_names.len());
        }
        text += ".";
        if !found.skipped.is_empty() {
            text += &format!("\nSkipped {} files that are no readable images.", found.skipped.len());
        }
        let purpose = match self.subset {
            Subset::Training => "training",
            Subset::Validation => "validation",
            Subset::All => return text,
        };
        text + &format!("\nUsing {} files for {purpose}.", self.rows.len())
    }

    /// The plain pipeline.
    pub fn into_dataset(self) -> Dataset {
        self.dataset
    }
}

impl Deref for ImageDataset {
    type Target = Dataset;

    fn deref(&self) -> &Dataset {
        &self.dataset
    }
}

impl From<ImageDataset> for Dataset {
    fn from(images: ImageDataset) -> Self {
        images.dataset
    }
}

/// The images of a subset as a source.
struct Images {
    found: Arc<Found>,
    rows: Arc<[usize]>,
    labels: LabelMode,
    workers: usize,
}

impl Source for Images {
    fn len(&self) -> usize {
        self.rows.len()
    }

    fn read(&self, rows: &[usize]) -> Result<Batch> {
        let target = self.found.target;
        let images: Vec<&Good> = rows.iter().map(|&row| &self.found.images[self.rows[row]]).collect();
        let size = target.len();
        let mut values = vec![0.0; images.len() * size];
        // A share of the images a thread; with the cache there is nothing to decode, and one thread copies.
        let cached = images.iter().all(|image| image.pixels.is_some());
        let threads = if cached { 1 } else { self.workers.min(images.len()).max(1) };
        let share = images.len().div_ceil(threads).max(1);
        let shares = images.chunks(share).zip(values.chunks_mut(share * size));
        let fill = |(images, values): (&[&Good], &mut [f32])| -> Result<()> {
            let mut resize = Bilinear::new();
            images
                .iter()
                .zip(values.chunks_mut(size))
                .try_for_each(|(image, values)| load(image, target, &mut resize, values))
        };
        if threads == 1 {
            shares.into_iter().try_for_each(fill)?;
        } else {
            std::thread::scope(|scope| {
                let handles: Vec<_> = shares.map(|share| scope.spawn(move || fill(share))).collect();
                let results = handles
                    .into_iter()
                    .map(|handle| handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
                // All are joined; the first error in order is the one reported.
                results.collect::<Vec<_>>().into_iter().collect::<Result<()>>()
            })?;
        }
        let shape = IxDyn(&[images.len(), target.height, target.width, target.channels]);
        let x =
            ArrayD::from_shape_vec(shape, values).map_err(|error| Error::new(ErrorKind::Shape, error.to_string()))?;
        let classes = || images.iter().map(|image| image.entry.class);
        let y: Option<Array> = match self.labels {
            LabelMode::Int => Some(Array1::from_iter(classes().map(|class| class as i32)).into()),
            LabelMode::Binary => {
                let column = Array1::from_iter(classes().map(|class| class as f32));
                Some(column.insert_axis(ndarray::Axis(1)).into())
            }
            LabelMode::Categorical => {
                let mut one_hot = Array2::<f32>::zeros((images.len(), self.found.class_names.len()));
                classes().enumerate().for_each(|(row, class)| one_hot[[row, class]] = 1.0);
                Some(one_hot.into())
            }
            LabelMode::None => None,
        };
        Ok(Batch { y, ..Batch::from(Array::from(x)) })
    }
}

fn load(image: &Good, target: Target, resize: &mut Bilinear, values: &mut [f32]) -> Result<()> {
    let decoded;
    let pixels = match &image.pixels {
        Some(pixels) => pixels,
        None => {
            let path = &image.entry.path;
            let failed = |reason: String| {
                Error::new(ErrorKind::Format, format!("decoded when the folder was scanned, and now {reason}"))
                    .at_path(path)
            };
            decoded = target.load(path, resize).map_err(failed)?;
            &decoded
        }
    };
    for (value, &pixel) in values.iter_mut().zip(pixels) {
        *value = f32::from(pixel);
    }
    Ok(())
}
