//! Cross-entropy against class numbers, from probabilities or logits.

use crate::labels::align_labels;
use crate::loss::Loss;
use crisol_ir::{Result, Shape};
use crisol_params::Config;
use crisol_tensor::{Tensor, distances};
use serde::{Deserialize, Serialize};

/// `-log p[y]` for class numbers `y`, as `keras.losses.SparseCategoricalCrossentropy`.
///
/// Logits go through `log_softmax`, as do those behind the output of a softmax, whose [logits](Tensor::logits) are known; other
/// probabilities are divided by their sum and kept `1e-7` away from 0 and 1. Targets have the shape of
/// the predictions without the axis of classes; one of size 1 in its place is taken off.
///
/// ```
/// use crisol_losses::{Loss, SparseCategoricalCrossentropy};
/// use crisol_tensor::Tensor;
/// let y = Tensor::from_slice(&[1i64, 2], [2]);
/// let p = Tensor::from_slice(&[0.05f32, 0.95, 0.0, 0.1, 0.8, 0.1], [2, 3]);
/// let loss = SparseCategoricalCrossentropy::new().call(&y, &p, None)?.item()?;
/// assert!((loss - 1.1769392).abs() < 1e-5);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SparseCategoricalCrossentropy {
    from_logits: bool,
    ignore_class: Option<i64>,
    axis: isize,
}

impl SparseCategoricalCrossentropy {
    /// The loss with Keras' defaults: from probabilities, no class ignored, classes along the last axis.
    pub fn new() -> SparseCategoricalCrossentropy {
        SparseCategoricalCrossentropy { from_logits: false, ignore_class: None, axis: -1 }
    }

    /// Whether predictions are logits rather than probabilities.
    #[must_use]
    pub fn from_logits(mut self, from_logits: bool) -> SparseCategoricalCrossentropy {
        self.from_logits = from_logits;
        self
    }

    /// A number that stands for no class (-1, or 255 in masks of images): its samples do not count.
    #[must_use]
    pub fn ignore_class(mut self, class: i64) -> SparseCategoricalCrossentropy {
        self.ignore_class = Some(class);
        self
    }

    /// The axis along which the classes lie. (Keras on JAX takes only the last.)
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

impl Loss for SparseCategoricalCrossentropy {
    fn name(&self) -> &str {
        "sparse_categorical_crossentropy"
    }

    fn classes(&self, y_pred: &Shape) -> Option<usize> {
        y_pred.axis(self.axis).ok().and_then(|axis| y_pred.get(axis).copied())
    }

    fn ignored_class(&self) -> Option<i64> {
        self.ignore_class
    }

    fn expects_probabilities(&self) -> bool {
        !self.from_logits
    }

    fn align(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<(Tensor, Tensor)> {
        align_labels(self.name(), y_true, y_pred, self.axis)
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let counted = self.mask(y_true, y_pred)?;
        let (y_true, y_pred) = match &counted {
            // Both are replaced where they do not count, so that no NaN of theirs gets through.
            Some(counted) => {
                let places = counted.expand_dims(self.axis).broadcast_to(y_pred.shape()?);
                (&counted.select(y_true, 0.0), &places.select(y_pred, 0.0))
            }
            None => (y_true, y_pred),
        };
        let values = distances::sparse_categorical_crossentropy(y_true, y_pred, self.from_logits, self.axis);
        Ok(match counted {
            Some(counted) => counted.select(values, 0.0),
            None => values,
        })
    }

    fn mask(&self, y_true: &Tensor, _: &Tensor) -> Result<Option<Tensor>> {
        Ok(self.ignore_class.map(|class| y_true.not_equal(class)))
    }

    fn config(&self) -> Option<Config> {
        Config::of("sparse_categorical_crossentropy", self)
    }
}
