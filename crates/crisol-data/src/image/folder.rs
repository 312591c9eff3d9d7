//! [`image_folder`] and its builder: which images, at which size, with which labels, in which subsets.

use super::dataset::{Found, ImageDataset, LabelMode, Subset};
use super::list::{all_files, classes};
use super::scan::{Target, scan};
use crate::error::unknown_name;
use crate::random::{Purpose, Random, held_out};
use crate::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// What to do with a file that is not an image that can be decoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Bad {
    /// Leave it out and list it in [`ImageDataset::skipped`].
    #[default]
    Skip,
    /// Make it an error.
    Fail,
}

/// A folder with one subfolder of images a class, as Keras' `image_dataset_from_directory` reads it.
///
/// ```no_run
/// use crisol_data::image_folder;
///
/// let images = image_folder("PetImages")?.image_size(204, 204).validation_split(0.2).seed(99);
/// let (train, validation) = (images.training()?, images.validation()?);
/// println!("{}", train.summary());        // Found 18831 files belonging to 2 classes. ...
/// for batch in train.prefetch(2).epoch(0)? {
///     let batch = batch?;                 // x: float32 [32, 204, 204, 3] in 0..=255, y: int32 [32]
/// }
/// # Ok::<(), crisol_data::Error>(())
/// ```
///
/// Files are JPEG, PNG or BMP by content, whatever they are called. Every file is decoded once, on all cores, when the first subset is asked
/// for; subsets of one builder share the work.
#[derive(Clone, Debug)]
pub struct ImageFolder {
    root: PathBuf,
    target: Target,
    batch_size: Option<usize>,
    validation_split: Option<f64>,
    seed: u64,
    shuffle: bool,
    label_mode: LabelMode,
    class_names: Option<Vec<String>>,
    bad: Bad,
    workers: usize,
    cache: bool,
    cache_limit: u64,
    /// The first setting that cannot be; comes out when a subset is asked for.
    wrong: Option<Error>,
    found: Arc<Mutex<Option<Arc<Found>>>>,
}

/// Starts with the folder `dir`: 256 x 256, RGB, batches of 32, shuffled, integer labels, bad images skipped, as in Keras.
///
/// # Errors
/// A folder that is not there or cannot be read.
pub fn image_folder(dir: impl AsRef<Path>) -> Result<ImageFolder> {
    let root = dir.as_ref().to_path_buf();
    let metadata = std::fs::metadata(&root).map_err(|error| Error::io(&root, error))?;
    if !metadata.is_dir() {
        return Err(Error::new(ErrorKind::NotFound, "expected a folder, this is a file").at_path(&root));
    }
    Ok(ImageFolder {
        root,
        target: Target { height: 256, width: 256, channels: 3, max_pixels: 1 << 26 },
        batch_size: Some(32),
        validation_split: None,
        seed: 0,
        shuffle: true,
        label_mode: LabelMode::Int,
        class_names: None,
        bad: Bad::Skip,
        workers: std::thread::available_parallelism().map_or(1, usize::from),
        cache: true,
        cache_limit: 4 << 30,
        wrong: None,
        found: Arc::default(),
    })
}

impl ImageFolder {
    /// Height and width that every image is resized to (bilinear, as `tf.image.resize`); 256 x 256 unless set.
    #[must_use]
    pub fn image_size(mut self, height: usize, width: usize) -> Self {
        let values = height.checked_mul(width);
        if values.is_none_or(|values| values == 0 || values > 1 << 26) {
            let message = format!("image_size: expected 1 to 2^26 pixels, given {height} x {width}");
            self.refuse(Error::new(ErrorKind::Argument, message));
        }
        (self.target.height, self.target.width) = (height, width);
        self.anew()
    }

    /// Images a batch, 32 unless set; `None` yields single images.
    #[must_use]
    pub fn batch_size(mut self, size: impl Into<Option<usize>>) -> Self {
        self.batch_size = size.into();
        self
    }

    /// The fraction of the images (rounded down) that `validation` gets and `training` does not.
    #[must_use]
    pub fn validation_split(mut self, fraction: f64) -> Self {
        self.validation_split = Some(fraction);
        self
    }

    /// Seed of the split and of the shuffling, 0 unless set.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Whether `training` and `all` come in another order every epoch (they do unless told not to) and `validation` in one random order,
    /// so that its first batch shows every class; otherwise images are sorted by class and path. The split is random either way.
    #[must_use]
    pub fn shuffle(mut self, shuffle: bool) -> Self {
        self.shuffle = shuffle;
        self
    }

    /// `"rgb"` (3 channels) or `"grayscale"` (1).
    #[must_use]
    pub fn color_mode(mut self, mode: &str) -> Self {
        match mode {
            "rgb" => self.target.channels = 3,
            "grayscale" => self.target.channels = 1,
            _ => self.refuse(unknown_name("color_mode", mode, &["rgb", "grayscale"])),
        }
        self.anew()
    }

    /// `"int"`: int32 of shape `[n]`; `"binary"`: float32 0 or 1, `[n, 1]`, two classes; `"categorical"`: float32 one-hot, `[n, classes]`;
    /// `"none"`: no labels, and no need of class folders.
    #[must_use]
    pub fn label_mode(mut self, mode: &str) -> Self {
        match mode {
            "int" => self.label_mode = LabelMode::Int,
            "binary" => self.label_mode = LabelMode::Binary,
            "categorical" => self.label_mode = LabelMode::Categorical,
            "none" => self.label_mode = LabelMode::None,
            _ => self.refuse(unknown_name("label_mode", mode, &["int", "binary", "categorical", "none"])),
        }
        self.anew()
    }

    /// The class folders to read, in the order that numbers them; all of them, sorted, unless set.
    #[must_use]
    pub fn class_names<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.class_names = Some(names.into_iter().map(Into::into).collect());
        self.anew()
    }

    /// What to do with files that cannot be decoded: [`Bad::Skip`] unless set.
    #[must_use]
    pub fn on_bad_image(mut self, bad: Bad) -> Self {
        self.bad = bad;
        self.anew()
    }

    /// Threads that decode, as many as the machine runs at once unless set. The outcome does not depend on it.
    #[must_use]
    pub fn workers(mut self, workers: usize) -> Self {
        if workers == 0 {
            self.refuse(Error::new(ErrorKind::Argument, "workers: expected at least 1, given 0"));
        }
        self.workers = workers;
        self
    }

    /// Whether decoded images are kept in memory at target size, one byte a value (they are unless told not to). Otherwise they are decoded
    /// once to find the bad ones, and again in every epoch.
    #[must_use]
    pub fn cache(mut self, cache: bool) -> Self {
        self.cache = cache;
        self.anew()
    }

    /// Bytes that the cache may need, files x height x width x channels, before asking for a subset is an error; 4 GiB unless set.
    #[must_use]
    pub fn cache_limit(mut self, bytes: u64) -> Self {
        self.cache_limit = bytes;
        self.anew()
    }

    /// Width x height beyond which a file counts as bad, 2^26 unless set: a small file can claim a picture that fills the memory. A
    /// thread needs up to 16 bytes a pixel while it decodes.
    #[must_use]
    pub fn max_pixels(mut self, pixels: usize) -> Self {
        self.target.max_pixels = pixels;
        self.anew()
    }

    /// The images that `validation_split` leaves for training.
    ///
    /// # Errors
    /// No or an impossible `validation_split`; and as [`all`](ImageFolder::all).
    pub fn training(&self) -> Result<ImageDataset> {
        self.subset(Subset::Training)
    }

    /// The images that `validation_split` sets aside.
    ///
    /// # Errors
    /// As [`training`](ImageFolder::training).
    pub fn validation(&self) -> Result<ImageDataset> {
        self.subset(Subset::Validation)
    }

    /// All images.
    ///
    /// # Errors
    /// A wrong setting; no classes, one class (unless there are no labels), a class without images; with [`Bad::Fail`] the first bad
    /// image; a cache beyond its limit.
    pub fn all(&self) -> Result<ImageDataset> {
        self.subset(Subset::All)
    }

    fn subset(&self, subset: Subset) -> Result<ImageDataset> {
        if let Some(wrong) = &self.wrong {
            return Err(wrong.clone());
        }
        if subset != Subset::All && self.validation_split.is_none() {
            let error = Error::new(ErrorKind::Argument, "training() and validation() need a split, none is set");
            return Err(error.help("call `validation_split(0.2)`, or `all()` for every image"));
        }
        let found = self.found()?;
        let total = found.images.len();
        let rows = match self.validation_split {
            Some(fraction) if subset != Subset::All => {
                let held_out = held_out(total, fraction).map_err(|error| error.at_path(&self.root))?;
                let mut rows = Random::new(self.seed, Purpose::Split, 0).permutation(total);
                let validation = rows.split_off(total - held_out);
                let mut rows = if subset == Subset::Training { rows } else { validation };
                if !self.shuffle {
                    rows.sort_unstable();
                }
                rows
            }
            _ => (0..total).collect(),
        };
        let shuffle = (self.shuffle && subset != Subset::Validation).then_some(self.seed);
        Ok(ImageDataset::new(found, rows, subset, self.label_mode, self.workers, self.batch_size, shuffle))
    }

    /// Lists and scans once for all subsets of this builder and its clones.
    fn found(&self) -> Result<Arc<Found>> {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = &*found {
            return Ok(found.clone());
        }
        let scanned = Arc::new(self.look()?);
        *found = Some(scanned.clone());
        Ok(scanned)
    }

    fn look(&self) -> Result<Found> {
        let (class_names, entries) = if self.label_mode == LabelMode::None {
            (Vec::new(), all_files(&self.root)?)
        } else {
            classes(&self.root, self.class_names.as_deref())?
        };
        self.check_classes(&class_names)?;
        let listed = entries.len();
        let bytes = listed as u64 * self.target.len() as u64;
        if self.cache && bytes > self.cache_limit {
            return Err(Error::new(
                ErrorKind::Limit,
                format!("{listed} images would need {bytes} bytes in the cache, the limit is {}", self.cache_limit),
            )
            .at_path(&self.root)
            .help("use `cache(false)`, a smaller `image_size`, or a higher `cache_limit`"));
        }
        let fail = self.bad == Bad::Fail;
        let (images, skipped) = scan(entries, self.target, self.cache, fail, self.workers)?;
        for (class, name) in class_names.iter().enumerate() {
            if !images.iter().any(|image| image.entry.class == class) {
                return Err(no_images(&self.root.join(name), &skipped));
            }
        }
        if images.is_empty() {
            return Err(no_images(&self.root, &skipped));
        }
        Ok(Found { class_names, images, skipped, listed, target: self.target })
    }

    fn check_classes(&self, names: &[String]) -> Result<()> {
        match (self.label_mode, names) {
            (LabelMode::None, _) => Ok(()),
            (_, [only]) => Err(Error::new(
                ErrorKind::Empty,
                format!("expected at least 2 classes, found one, `{only}`"),
            )
            .at_path(&self.root)
            .help(
                "name the folder that holds the class folders, or use `label_mode(\"none\")` for images without labels",
            )),
            (_, []) => Err(Error::new(ErrorKind::Argument, "class_names: expected at least 2 names, given none")),
            (LabelMode::Binary, _) if names.len() != 2 => Err(Error::new(
                ErrorKind::Argument,
                format!("label_mode \"binary\": expected 2 classes, found {}: {}", names.len(), names.join(", ")),
            )
            .at_path(&self.root)
            .help("use \"int\" or \"categorical\", or choose two with `class_names`")),
            _ => Ok(()),
        }
    }

    fn refuse(&mut self, error: Error) {
        self.wrong.get_or_insert(error);
    }

    /// Forgets a scan made with other settings.
    fn anew(mut self) -> Self {
        self.found = Arc::default();
        self
    }
}

/// No file below `folder` is an image; says what the first one was.
fn no_images(folder: &Path, skipped: &[super::Skipped]) -> Error {
    let below: Vec<_> = skipped.iter().filter(|bad| bad.path.starts_with(folder)).collect();
    let first = below.first().map(|bad| format!(": {} {}", bad.path.display(), bad.reason));
    let message = format!("none of {} files is an image that can be decoded{}", below.len(), first.unwrap_or_default());
    Error::new(ErrorKind::Empty, message).at_path(folder)
}
