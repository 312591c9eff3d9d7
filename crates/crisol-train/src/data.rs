//! Where batches come from: arrays or pipelines.

use crate::arrays::{Arrays, IntoArrays};
use crate::batch::Data;
use crisol_data::ndarray::{self, Dimension};
use crisol_data::{Array, Batch, Dataset, Element, Epoch};
use crisol_ir::{Error, ErrorKind, Result};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Samples a step where nothing says otherwise.
const BATCH_SIZE: usize = 32;

/// Data for training, evaluation or prediction: arrays, or a pipeline that says itself how it is shuffled and batched.
#[derive(Clone, Debug)]
pub struct Feed(Kind);

#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant)] // one is made a fit
enum Kind {
    Arrays(Samples),
    Dataset(Dataset),
}

/// Inputs, targets and weights of all samples.
#[derive(Clone, Debug)]
pub(crate) struct Samples {
    pub(crate) x: Arrays,
    pub(crate) y: Option<Arrays>,
    pub(crate) weight: Option<Arrays>,
}

/// What can be fed: `x`, `(x, y)` or `(x, y, sample_weight)`, each an ndarray (owned or borrowed) or [`Arrays`]; or a [`Dataset`].
pub trait IntoFeed {
    /// The data.
    fn into_feed(self) -> Feed;
}

impl IntoFeed for Feed {
    fn into_feed(self) -> Feed {
        self
    }
}

impl IntoFeed for Batch {
    fn into_feed(self) -> Feed {
        Feed(Kind::Arrays(Samples::from(self)))
    }
}

impl IntoFeed for Dataset {
    fn into_feed(self) -> Feed {
        Feed(Kind::Dataset(self))
    }
}

impl IntoFeed for &Dataset {
    fn into_feed(self) -> Feed {
        self.clone().into_feed()
    }
}

impl IntoFeed for Arrays {
    fn into_feed(self) -> Feed {
        Feed(Kind::Arrays(Samples { x: self, y: None, weight: None }))
    }
}

impl IntoFeed for &Arrays {
    fn into_feed(self) -> Feed {
        self.clone().into_feed()
    }
}

impl IntoFeed for Array {
    fn into_feed(self) -> Feed {
        self.into_arrays().into_feed()
    }
}

impl<T: Element, D: Dimension> IntoFeed for &ndarray::Array<T, D> {
    fn into_feed(self) -> Feed {
        self.into_arrays().into_feed()
    }
}

impl<T: Element, D: Dimension> IntoFeed for ndarray::Array<T, D> {
    fn into_feed(self) -> Feed {
        self.into_arrays().into_feed()
    }
}

impl<X: IntoArrays, Y: IntoArrays> IntoFeed for (X, Y) {
    fn into_feed(self) -> Feed {
        Feed(Kind::Arrays(Samples { x: self.0.into_arrays(), y: Some(self.1.into_arrays()), weight: None }))
    }
}

impl<X: IntoArrays, Y: IntoArrays, W: IntoArrays> IntoFeed for (X, Y, W) {
    fn into_feed(self) -> Feed {
        let (y, weight) = (Some(self.1.into_arrays()), Some(self.2.into_arrays()));
        Feed(Kind::Arrays(Samples { x: self.0.into_arrays(), y, weight }))
    }
}

impl From<Batch> for Samples {
    fn from(batch: Batch) -> Samples {
        let arrays = |array: Array| array.into_arrays();
        Samples { x: arrays(batch.x), y: batch.y.map(arrays), weight: batch.sample_weight.map(arrays) }
    }
}

impl Samples {
    fn try_map(&self, cut: impl Fn(&Arrays) -> Result<Arrays>) -> Result<Samples> {
        let (y, weight) = (self.y.as_ref().map(&cut).transpose()?, self.weight.as_ref().map(&cut).transpose()?);
        Ok(Samples { x: cut(&self.x)?, y, weight })
    }
}

impl Feed {
    /// Batches of the given size, or of those a pipeline makes; arrays in their order.
    pub(crate) fn into_batches(self, batch_size: Option<usize>, names: &Names) -> Result<Batches> {
        let size = batch_size.unwrap_or(BATCH_SIZE);
        let samples = match self.0 {
            Kind::Dataset(dataset) if dataset.is_batched() => return Ok(Batches::of(dataset)),
            Kind::Dataset(dataset) => return Ok(Batches::of(dataset.batch(size))),
            Kind::Arrays(samples) => samples,
        };
        let (inputs, outputs) = (names.inputs(), names.outputs());
        let x = samples.x.arranged(&inputs, "x")?;
        let y = samples.y.map(|y| y.arranged(&outputs, "y")).transpose()?;
        let weight = samples.weight.map(|weight| weight.arranged(&outputs, "sample_weight")).transpose()?;
        let count = x.samples();
        let shape = x.arrays.first().map(|x| x.shape().to_vec());
        let of = |rows: Dataset, several| Batches {
            several,
            shape,
            ..Batches::of(rows.batch(size)).of_rows(rows, size, count)
        };
        let lone = |arrays: Option<&Arrays>| arrays.is_none_or(|arrays| arrays.len() == 1);
        if x.len() == 1 && lone(y.as_ref()) && lone(weight.as_ref()) {
            let first = |arrays: Arrays| arrays.arrays.into_iter().next();
            if let Some(x) = first(x) {
                let batch = Batch { x, y: y.and_then(first), sample_weight: weight.and_then(first) };
                return Ok(of(Dataset::from_arrays(batch), None));
            }
            return Err(Error::new(ErrorKind::Value, "no array is given").operation("x"));
        }
        x.check("x", count)?;
        y.as_ref().map_or(Ok(()), |y| y.check("y", count))?;
        weight.as_ref().map_or(Ok(()), |weight| weight.check("sample_weight", count))?;
        // Several arrays: the pipeline yields the numbers of their rows.
        let rows = (0..count as i64).collect::<Vec<i64>>();
        Ok(of(Dataset::from_arrays(Array::from(rows)), Some(Arc::new(Samples { x, y, weight }))))
    }

    /// The last share of arrays, as Keras' `validation_split`.
    pub(crate) fn split(self, share: f64) -> Result<(Feed, Option<Feed>)> {
        if share == 0.0 {
            return Ok((self, None));
        }
        let Kind::Arrays(arrays) = self.0 else {
            return Err(Error::new(ErrorKind::Value, "validation_split takes arrays, and a pipeline was given")
                .operation("fit")
                .help("split the pipeline with take and skip and give validation_data"));
        };
        let samples = arrays.x.samples();
        let first = (samples as f64 * (1.0 - share)) as usize;
        if first == 0 || first == samples {
            return Err(Error::new(
                ErrorKind::Value,
                format!("validation_split {share} of {samples} samples leaves none on one side"),
            )
            .operation("fit"));
        }
        let part = |rows: std::ops::Range<usize>| -> Result<Feed> {
            Ok(Feed(Kind::Arrays(arrays.try_map(|array| array.slice(rows.clone()))?)))
        };
        Ok((part(0..first)?, Some(part(first..samples)?)))
    }

    /// The same data with weights of its samples.
    pub(crate) fn weighted(self, weight: Option<Arrays>) -> Result<Feed> {
        match (self.0, weight) {
            (kind, None) => Ok(Feed(kind)),
            (Kind::Arrays(samples), weight) if samples.weight.is_none() => {
                Ok(Feed(Kind::Arrays(Samples { weight, ..samples })))
            }
            (Kind::Arrays(_), _) => {
                Err(Error::new(ErrorKind::Value, "sample_weight is given twice: in the data and as an argument"))
            }
            (Kind::Dataset(_), _) => {
                Err(Error::new(ErrorKind::Value, "sample_weight goes with arrays, and a pipeline was given")
                    .help("let the pipeline yield (x, y, sample_weight)"))
            }
        }
    }

    pub(crate) fn has_weights(&self) -> bool {
        matches!(&self.0, Kind::Arrays(samples) if samples.weight.is_some())
    }
}

/// The names of a model's inputs and outputs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    pub(crate) inputs: Vec<String>,
    pub(crate) outputs: Vec<String>,
}

impl Names {
    pub(crate) fn inputs(&self) -> Vec<&str> {
        self.inputs.iter().map(String::as_str).collect()
    }

    pub(crate) fn outputs(&self) -> Vec<&str> {
        self.outputs.iter().map(String::as_str).collect()
    }
}

/// The batches of every epoch.
#[derive(Clone, Debug)]
pub(crate) struct Batches {
    dataset: Dataset,
    /// Of arrays: their samples one by one, samples a batch, and how many there are.
    rows: Option<(Dataset, usize, usize)>,
    /// The shape of the first input, if it is an array.
    pub(crate) shape: Option<Vec<usize>>,
    several: Option<Arc<Samples>>,
    class_weight: Option<Arc<BTreeMap<i64, f64>>>,
}

impl Batches {
    fn of(dataset: Dataset) -> Batches {
        Batches { dataset, rows: None, shape: None, several: None, class_weight: None }
    }

    fn of_rows(self, rows: Dataset, size: usize, count: usize) -> Batches {
        Batches { rows: Some((rows, size, count)), ..self }
    }

    /// The samples of arrays in another order every epoch; pipelines are left as they are.
    pub(crate) fn shuffle(&mut self, seed: u64) {
        if let Some((rows, size, count)) = &self.rows {
            self.dataset = rows.shuffle((*count).max(1), seed).batch(*size);
        }
    }

    /// The number of batches of an epoch, if known.
    pub(crate) fn cardinality(&self) -> Option<usize> {
        self.dataset.cardinality()
    }

    pub(crate) fn with_class_weight(self, class_weight: Option<BTreeMap<i64, f64>>) -> Batches {
        Batches { class_weight: class_weight.map(Arc::new), ..self }
    }

    /// The batches of an epoch, whose number decides their order.
    pub(crate) fn epoch(&self, epoch: u64) -> Result<Steps> {
        Ok(Steps {
            epoch: self.dataset.epoch(epoch)?,
            several: self.several.clone(),
            class_weight: self.class_weight.clone(),
        })
    }
}

/// The batches of one epoch.
pub(crate) struct Steps {
    epoch: Epoch,
    several: Option<Arc<Samples>>,
    class_weight: Option<Arc<BTreeMap<i64, f64>>>,
}

impl Iterator for Steps {
    type Item = Result<Data>;

    fn next(&mut self) -> Option<Result<Data>> {
        let batch = match self.epoch.next()? {
            Ok(batch) => batch,
            Err(error) => return Some(Err(error.into())),
        };
        let samples = match &self.several {
            None => Ok(Samples::from(batch)),
            Some(samples) => {
                let rows: Vec<usize> = batch.x.to_f64().iter().map(|&row| row as usize).collect();
                samples.try_map(|arrays| arrays.select(&rows))
            }
        };
        Some(samples.and_then(|samples| Data::new(samples, self.class_weight.as_deref())))
    }
}
