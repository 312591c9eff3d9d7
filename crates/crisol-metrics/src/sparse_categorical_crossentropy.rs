//! Categorical cross-entropy of class numbers as a metric.

use crate::mean::Mean;
use crate::metric::Metric;
use crate::samples::same_shape;
use crisol_ir::{DType, Result};
use crisol_params::Config;
use crisol_tensor::{Tensor, align, distances, spread_weights};
use serde::{Deserialize, Serialize};

/// The mean of `-log p[y]` for class numbers `y`, as `keras.metrics.SparseCategoricalCrossentropy`.
///
/// ```
/// use crisol_metrics::{Metric, SparseCategoricalCrossentropy};
/// use crisol_tensor::Tensor;
/// let mut metric = SparseCategoricalCrossentropy::new();
/// metric.update(&Tensor::from_slice(&[1i64], [1]), &Tensor::from_slice(&[0.5f32, 0.5], [1, 2]), None)?;
/// assert!((metric.result()?.item()? - 2f64.ln()).abs() < 1e-4);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Debug, Serialize, Deserialize)]
pub struct SparseCategoricalCrossentropy {
    from_logits: bool,
    ignore_class: Option<i64>,
    axis: isize,
    mean: Mean,
}

impl SparseCategoricalCrossentropy {
    /// No batch yet; Keras' defaults.
    pub fn new() -> SparseCategoricalCrossentropy {
        SparseCategoricalCrossentropy {
            from_logits: false,
            ignore_class: None,
            axis: -1,
            mean: Mean::new("sparse_categorical_crossentropy"),
        }
    }

    /// Whether predictions are logits rather than probabilities; by default they are not.
    #[must_use]
    pub fn from_logits(mut self, from_logits: bool) -> SparseCategoricalCrossentropy {
        self.from_logits = from_logits;
        self
    }

    /// A number that stands for no class: the value of its samples is 0. As in Keras they count in a mean without
    /// weights, and do not in a weighted one.
    #[must_use]
    pub fn ignore_class(mut self, ignore_class: i64) -> SparseCategoricalCrossentropy {
        self.ignore_class = Some(ignore_class);
        self
    }

    /// The axis of the classes; the last by default.
    #[must_use]
    pub fn axis(mut self, axis: isize) -> SparseCategoricalCrossentropy {
        self.axis = axis;
        self
    }
}

impl Default for SparseCategoricalCrossentropy {
    fn default() -> SparseCategoricalCrossentropy {
        SparseCategoricalCrossentropy::new()
    }
}

impl Metric for SparseCategoricalCrossentropy {
    fn name(&self) -> &str {
        self.mean.name()
    }

    fn update(&mut self, y_true: &Tensor, y_pred: &Tensor, sample_weight: Option<&Tensor>) -> Result<()> {
        let p = if y_pred.dtype()?.is_float() { y_pred.clone() } else { y_pred.cast(DType::F32) };
        let samples = p.max(self.axis);
        let (y, _) = align(y_true, &samples)?;
        let y = if y.shape()?.elements() == samples.shape()?.elements() { y.reshape(samples.shape()?) } else { y };
        same_shape(self.mean.name(), &y, &samples)?;
        let y = y.cast(DType::I32);
        let values = distances::sparse_categorical_crossentropy(&y, &p, self.from_logits, self.axis);
        let Some(class) = self.ignore_class else { return self.mean.update(&values, sample_weight) };
        let ignored = y.equal(class);
        let values = ignored.select(0.0, values);
        match sample_weight {
            Some(weight) => {
                let weight = spread_weights(&weight.cast(DType::F32), &values.shape()?)?.broadcast_to(values.shape()?);
                self.mean.update(&values, Some(&ignored.select(0.0, weight)))
            }
            None => self.mean.update(&values, None),
        }
    }

    fn result(&self) -> Result<Tensor> {
        self.mean.result()
    }

    fn reset(&mut self) -> Result<()> {
        self.mean.reset()
    }

    fn config(&self) -> Option<Config> {
        Config::of("sparse_categorical_crossentropy", self)
    }
}
