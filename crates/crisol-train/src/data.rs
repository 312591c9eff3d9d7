//! Where batches come from: arrays or pipelines, and how they become tensors.

use crisol_data::ndarray::{self, Dimension};
use crisol_data::{Array, Batch, Dataset, Element};
use crisol_ir::{Error, ErrorKind, Result};
use crisol_tensor::Tensor;

/// Samples a step where nothing says otherwise.
const BATCH_SIZE: usize = 32;

/// Data for training, evaluation or prediction: arrays, or a pipeline that says itself how it is shuffled and batched.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant)] // one is made a fit, and boxing would show in every use
pub enum Feed {
    /// Arrays with samples along axis 0.
    Arrays(Batch),
    /// A pipeline.
    Dataset(Dataset),
}

/// What can be fed: `x`, `(x, y)` or `(x, y, sample_weight)` of ndarrays (owned or borrowed), or a [`Dataset`].
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
        Feed::Arrays(self)
    }
}

impl IntoFeed for Dataset {
    fn into_feed(self) -> Feed {
        Feed::Dataset(self)
    }
}

impl IntoFeed for &Dataset {
    fn into_feed(self) -> Feed {
        Feed::Dataset(self.clone())
    }
}

impl IntoFeed for Array {
    fn into_feed(self) -> Feed {
        Feed::Arrays(self.into())
    }
}

impl<T: Element, D: Dimension> IntoFeed for &ndarray::Array<T, D> {
    fn into_feed(self) -> Feed {
        Feed::Arrays(Array::from(self).into())
    }
}

impl<T: Element, D: Dimension> IntoFeed for ndarray::Array<T, D> {
    fn into_feed(self) -> Feed {
        Feed::Arrays(self.into())
    }
}

impl<X: Into<Array>, Y: Into<Array>> IntoFeed for (X, Y) {
    fn into_feed(self) -> Feed {
        Feed::Arrays(self.into())
    }
}

impl<X: Into<Array>, Y: Into<Array>, W: Into<Array>> IntoFeed for (X, Y, W) {
    fn into_feed(self) -> Feed {
        Feed::Arrays(self.into())
    }
}

impl Feed {
    /// Batches; arrays are shuffled anew every epoch, if a seed is given.
    pub(crate) fn into_dataset(self, batch_size: Option<usize>, shuffle: Option<u64>) -> Dataset {
        let size = batch_size.unwrap_or(BATCH_SIZE);
        match self {
            Feed::Arrays(arrays) => {
                let samples = arrays.len();
                let dataset = Dataset::from_arrays(arrays);
                match shuffle {
                    Some(seed) => dataset.shuffle(samples.max(1), seed).batch(size),
                    None => dataset.batch(size),
                }
            }
            Feed::Dataset(dataset) if dataset.is_batched() => dataset,
            Feed::Dataset(dataset) => dataset.batch(size),
        }
    }

    /// The last share of arrays, as Keras' `validation_split`.
    pub(crate) fn split(self, share: f64) -> Result<(Feed, Option<Feed>)> {
        if share == 0.0 {
            return Ok((self, None));
        }
        let Feed::Arrays(arrays) = self else {
            return Err(Error::new(ErrorKind::Value, "validation_split takes arrays, and a pipeline was given")
                .operation("fit")
                .help("split the pipeline with take and skip and give validation_data"));
        };
        let samples = arrays.len();
        let first = (samples as f64 * (1.0 - share)) as usize;
        if first == 0 || first == samples {
            return Err(Error::new(
                ErrorKind::Value,
                format!("validation_split {share} of {samples} samples leaves none on one side"),
            )
            .operation("fit"));
        }
        let part = |rows: std::ops::Range<usize>| -> Result<Feed> {
            let cut = |array: &Array| array.slice(rows.clone());
            Ok(Feed::Arrays(Batch {
                x: cut(&arrays.x)?,
                y: arrays.y.as_ref().map(cut).transpose()?,
                sample_weight: arrays.sample_weight.as_ref().map(cut).transpose()?,
            }))
        };
        Ok((part(0..first)?, Some(part(first..samples)?)))
    }
}

/// An array as a tensor of the same element type.
pub(crate) fn tensor(array: &Array) -> Tensor {
    match array {
        Array::F32(array) => Tensor::from(array),
        Array::F64(array) => Tensor::from(array),
        Array::I32(array) => Tensor::from(array),
        Array::I64(array) => Tensor::from(array),
        Array::U8(array) => Tensor::from(array),
        Array::Bool(array) => Tensor::from(array),
    }
}
