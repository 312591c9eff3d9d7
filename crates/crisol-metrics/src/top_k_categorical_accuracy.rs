//! Accuracy of the best few, against one-hot targets.

use crate::mean::Mean;
use crate::samples::{mean_of_samples, same_shape};
use crate::sparse_top_k_categorical_accuracy::within;
use crisol_ir::Result;
use crisol_tensor::Tensor;
use serde::{Deserialize, Serialize};

/// The share of samples whose target is among the `k` largest outputs, as `keras.metrics.TopKCategoricalAccuracy`. Outputs that equal the
/// target's do not count against it.
///
/// ```
/// use crisol_metrics::{Metric, TopKCategoricalAccuracy};
/// use crisol_tensor::Tensor;
/// let mut accuracy = TopKCategoricalAccuracy::new(2);
/// let y = Tensor::from_slice(&[0.0f32, 0.0, 1.0, 0.0, 0.0, 1.0], [2, 3]);
/// accuracy.update(&y, &Tensor::from_slice(&[0.1f32, 0.9, 0.8, 0.05, 0.95, 0.0], [2, 3]), None)?;
/// assert_eq!(accuracy.result()?.item()?, 0.5);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Debug, Serialize, Deserialize)]
pub struct TopKCategoricalAccuracy {
    count: usize,
    mean: Mean,
}

impl TopKCategoricalAccuracy {
    /// Among the `count` best; Keras' default is 5.
    pub fn new(count: usize) -> TopKCategoricalAccuracy {
        TopKCategoricalAccuracy { count, mean: Mean::new("top_k_categorical_accuracy") }
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        same_shape(self.mean.name(), y_true, y_pred)?;
        within(self.mean.name(), &y_true.argmax(-1), y_pred, self.count)
    }
}

impl Default for TopKCategoricalAccuracy {
    fn default() -> TopKCategoricalAccuracy {
        TopKCategoricalAccuracy::new(5)
    }
}

mean_of_samples!(TopKCategoricalAccuracy);
