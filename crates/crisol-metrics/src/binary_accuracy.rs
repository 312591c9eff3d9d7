//! Accuracy of two classes.

use crate::mean::Mean;
use crate::samples::{aligned, mean_of_samples};
use crisol_ir::{DType, Result};
use crisol_tensor::Tensor;
use serde::{Deserialize, Serialize};

/// The share of predictions on the right side of a threshold, as `keras.metrics.BinaryAccuracy`; of several outputs, the mean share.
///
/// ```
/// use crisol_metrics::{BinaryAccuracy, Metric};
/// use crisol_tensor::Tensor;
/// let mut metric = BinaryAccuracy::new();
/// metric.update(&Tensor::from_slice(&[1.0f32, 0.0], [2]), &Tensor::from_slice(&[0.9f32, 0.6], [2, 1]), None)?;
/// assert!((metric.result()?.item()? - 0.5).abs() < 1e-4);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Debug, Serialize, Deserialize)]
pub struct BinaryAccuracy {
    threshold: f64,
    mean: Mean,
}

impl BinaryAccuracy {
    /// No batch yet; Keras' defaults.
    pub fn new() -> BinaryAccuracy {
        BinaryAccuracy { threshold: 0.5, mean: Mean::new("binary_accuracy") }
    }

    /// The prediction above which the second class is meant; 0.5 by default.
    #[must_use]
    pub fn threshold(mut self, threshold: f64) -> BinaryAccuracy {
        self.threshold = threshold;
        self
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let (y_true, y_pred) = aligned(self.mean.name(), y_true, y_pred)?;
        Ok(right(&y_true, &y_pred, self.threshold))
    }
}

impl Default for BinaryAccuracy {
    fn default() -> BinaryAccuracy {
        BinaryAccuracy::new()
    }
}

mean_of_samples!(BinaryAccuracy);

/// The share of each sample's predictions that are on the side of the threshold where the target is.
pub(crate) fn right(y_true: &Tensor, y_pred: &Tensor, threshold: f64) -> Tensor {
    let predicted = y_pred.greater(threshold).cast(DType::F32);
    predicted.equal(y_true.cast(DType::F32)).cast(DType::F32).mean(-1)
}
