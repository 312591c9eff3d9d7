//! Where batches come from: arrays or pipelines.

use crate::arrays::{Arrays, IntoArrays};
use crate::batch::{Data, tensor};
use crate::held::Rows;
use crisol_data::{Array, Batch, Dataset, Epoch, Unmade};
use crisol_ir::ndarray::{Array2, ArrayBase, Data as Elements, Dimension};
use crisol_ir::value::Typed;
use crisol_ir::{Error, ErrorKind, Result};
use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

/// Samples a step where nothing says otherwise.
const BATCH_SIZE: usize = 32;

/// Data for training, evaluation or prediction: arrays, or a pipeline that says itself how it is shuffled and batched.
#[derive(Clone, Debug)]
pub struct Feed<'a>(Kind<'a>);

#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant)] // one is made a fit
enum Kind<'a> {
    Arrays(Samples<'a>),
    Dataset(Dataset),
}

/// Inputs, targets and weights of all samples.
#[derive(Clone, Debug)]
pub(crate) struct Samples<'a> {
    pub(crate) x: Arrays<'a>,
    pub(crate) y: Option<Arrays<'a>>,
    pub(crate) weight: Option<Arrays<'a>>,
}

/// What can be fed: `x`, `(x, y)` or `(x, y, sample_weight)`, each an ndarray or [`Arrays`]; or a [`Dataset`]. Arrays that are
/// given by reference are not copied, only their batches are.
pub trait IntoFeed<'a> {
    /// The data.
    fn into_feed(self) -> Feed<'a>;
}

impl<'a> IntoFeed<'a> for Feed<'a> {
    fn into_feed(self) -> Feed<'a> {
        self
    }
}

/// Arrays like any others; with further ones by name it is a pipeline, which `fit` neither shuffles nor splits.
impl<'a> IntoFeed<'a> for Batch {
    fn into_feed(self) -> Feed<'a> {
        if !self.others.is_empty() {
            return Dataset::from(self).into_feed();
        }
        let (y, weight) = (self.y.map(Array::into_arrays), self.sample_weight.map(Array::into_arrays));
        Feed(Kind::Arrays(Samples { x: self.x.into_arrays(), y, weight }))
    }
}

impl<'a> IntoFeed<'a> for Dataset {
    fn into_feed(self) -> Feed<'a> {
        Feed(Kind::Dataset(self))
    }
}

impl<'a> IntoFeed<'a> for &Dataset {
    fn into_feed(self) -> Feed<'a> {
        self.clone().into_feed()
    }
}

impl<'a> IntoFeed<'a> for Arrays<'a> {
    fn into_feed(self) -> Feed<'a> {
        Feed(Kind::Arrays(Samples { x: self, y: None, weight: None }))
    }
}

impl<'a> IntoFeed<'a> for &Arrays<'a> {
    fn into_feed(self) -> Feed<'a> {
        self.clone().into_feed()
    }
}

impl<'a> IntoFeed<'a> for Array {
    fn into_feed(self) -> Feed<'a> {
        self.into_arrays().into_feed()
    }
}

impl<'a, T: Typed, S: Elements<Elem = T>, D: Dimension> IntoFeed<'a> for &'a ArrayBase<S, D> {
    fn into_feed(self) -> Feed<'a> {
        self.into_arrays().into_feed()
    }
}

impl<'a, T: Typed, S: Elements<Elem = T> + 'a, D: Dimension + 'a> IntoFeed<'a> for ArrayBase<S, D> {
    fn into_feed(self) -> Feed<'a> {
        self.into_arrays().into_feed()
    }
}

impl<'a, X: IntoArrays<'a>, Y: IntoArrays<'a>> IntoFeed<'a> for (X, Y) {
    fn into_feed(self) -> Feed<'a> {
        Feed(Kind::Arrays(Samples { x: self.0.into_arrays(), y: Some(self.1.into_arrays()), weight: None }))
    }
}

impl<'a, X: IntoArrays<'a>, Y: IntoArrays<'a>, W: IntoArrays<'a>> IntoFeed<'a> for (X, Y, W) {
    fn into_feed(self) -> Feed<'a> {
        let (y, weight) = (Some(self.1.into_arrays()), Some(self.2.into_arrays()));
        Feed(Kind::Arrays(Samples { x: self.0.into_arrays(), y, weight }))
    }
}

impl<'a> Feed<'a> {
    /// Batches of the given size, or of those a pipeline makes; arrays in their order.
    pub(crate) fn into_batches(self, batch_size: Option<usize>, names: &Names) -> Result<Batches<'a>> {
        let size = batch_size.unwrap_or(BATCH_SIZE);
        let samples = match self.0 {
            Kind::Dataset(dataset) if dataset.is_batched() => return Ok(Batches::of(dataset, names)),
            Kind::Dataset(dataset) => return Ok(Batches::of(dataset.batch(size), names)),
            Kind::Arrays(samples) => samples,
        };
        let (inputs, outputs) = (names.inputs(), names.outputs());
        let x = samples.x.arranged(&inputs, "x")?;
        let y = samples.y.map(|y| y.arranged(&outputs, "y")).transpose()?;
        let weight = samples.weight.map(|weight| weight.arranged(&outputs, "sample_weight")).transpose()?;
        let Some(first) = x.arrays.first().cloned() else {
            return Err(Error::new(ErrorKind::Value, "no array is given").operation("x"));
        };
        for (name, arrays) in [("x", Some(&x)), ("y", y.as_ref()), ("sample_weight", weight.as_ref())] {
            arrays.map_or(Ok(()), |arrays| arrays.check(name, &first))?;
        }
        // The pipeline decides about the order of rows; it has as many as there are samples, and nothing in them.
        let rows = Dataset::from_arrays(Array::from(Array2::<bool>::default((first.samples(), 0))));
        let arrays = Some(Rowed { rows: rows.clone(), size, samples: Rc::new(Samples { x, y, weight }) });
        Ok(Batches { arrays, shape: Some(first.shape().to_vec()), ..Batches::of(rows.batch(size), names) })
    }

    /// The last share of arrays, as Keras' `validation_split`.
    pub(crate) fn split(self, share: f64) -> Result<(Feed<'a>, Option<Feed<'a>>)> {
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
        for (name, part) in [("y", &arrays.y), ("sample_weight", &arrays.weight)] {
            if let (Some(part), Some(x)) = (part, arrays.x.arrays.first()) {
                part.check(name, x)?;
            }
        }
        let part = |rows: Range<usize>| Feed(Kind::Arrays(arrays.slice(&rows)));
        Ok((part(0..first), Some(part(first..samples))))
    }

    /// The same data with weights of its samples.
    pub(crate) fn weighted(self, weight: Option<Arrays<'a>>) -> Result<Feed<'a>> {
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

impl<'a> Samples<'a> {
    fn slice(&self, rows: &Range<usize>) -> Samples<'a> {
        let part = |arrays: &Option<Arrays<'a>>| arrays.as_ref().map(|arrays| arrays.slice(rows));
        Samples { x: self.x.slice(rows), y: part(&self.y), weight: part(&self.weight) }
    }
}

/// The batches of every epoch.
#[derive(Clone, Debug)]
pub(crate) struct Batches<'a> {
    dataset: Dataset,
    /// What rows the pipeline yields are rows of, if arrays were given.
    arrays: Option<Rowed<'a>>,
    /// The shape of the first input, if it is an array.
    pub(crate) shape: Option<Vec<usize>>,
    class_weight: Option<Rc<BTreeMap<i64, f64>>>,
    /// What the model calls its inputs and outputs: a pipeline's batches have them by name.
    names: Rc<Names>,
}

/// Arrays whose rows come in an order that a pipeline decides.
#[derive(Clone, Debug)]
struct Rowed<'a> {
    samples: Rc<Samples<'a>>,
    rows: Dataset,
    /// Rows a batch.
    size: usize,
}

impl<'a> Batches<'a> {
    fn of(dataset: Dataset, names: &Names) -> Batches<'a> {
        Batches { dataset, arrays: None, shape: None, class_weight: None, names: Rc::new(names.clone()) }
    }

    /// The samples of arrays in another order every epoch; pipelines are left as they are.
    pub(crate) fn shuffle(&mut self, seed: u64) {
        if let Some(Rowed { rows, size, .. }) = &self.arrays {
            self.dataset = rows.shuffle(usize::MAX, seed).batch(*size);
        }
    }

    /// The number of batches of an epoch, if known.
    pub(crate) fn cardinality(&self) -> Option<usize> {
        self.dataset.cardinality()
    }

    pub(crate) fn with_class_weight(self, class_weight: Option<BTreeMap<i64, f64>>) -> Batches<'a> {
        Batches { class_weight: class_weight.map(Rc::new), ..self }
    }

    /// The batches of an epoch, whose number decides their order.
    pub(crate) fn epoch(&self, epoch: u64) -> Result<Steps<'a>> {
        Ok(Steps {
            epoch: self.dataset.epoch(epoch)?,
            samples: self.arrays.as_ref().map(|arrays| Rc::clone(&arrays.samples)),
            class_weight: self.class_weight.clone(),
            names: Rc::clone(&self.names),
        })
    }
}

/// The batches of one epoch.
pub(crate) struct Steps<'a> {
    epoch: Epoch,
    samples: Option<Rc<Samples<'a>>>,
    class_weight: Option<Rc<BTreeMap<i64, f64>>>,
    names: Rc<Names>,
}

impl Steps<'_> {
    /// An element as tensors: rows of arrays are copied to where they are computed with, and nowhere else before.
    fn data(&self, unmade: Unmade) -> Result<Data> {
        let data = match (&self.samples, unmade.rows()) {
            (Some(samples), Some((_, rows))) => {
                let part = |arrays: &Option<Arrays>| arrays.as_ref().map(|arrays| arrays.batch(rows));
                Data::new(samples.x.batch(rows), part(&samples.y), part(&samples.weight))
            }
            (None, Some((arrays, rows))) => Data::of_batch(arrays, &self.names, |array| array.batch(rows))?,
            (_, None) => Data::of_batch(&unmade.make()?, &self.names, tensor)?,
        };
        match &self.class_weight {
            Some(class_weight) => data.with_class_weight(class_weight),
            None => Ok(data),
        }
    }
}

impl Iterator for Steps<'_> {
    type Item = Result<Data>;

    fn next(&mut self) -> Option<Result<Data>> {
        let unmade = self.epoch.next_unmade()?;
        Some(unmade.map_err(Error::from).and_then(|unmade| self.data(unmade)))
    }
}
