//! The cosine of the angle between targets and predictions.

use crate::mean::Mean;
use crate::samples::{aligned, mean_of_samples};
use crisol_ir::Result;
use crisol_tensor::{Tensor, distances};
use serde::{Deserialize, Serialize};

/// The mean cosine of the angle between targets and predictions along an axis, from -1 to 1, as `keras.metrics.CosineSimilarity`: 1 is equal, where the loss of
/// the same name has -1.
///
/// ```
/// use crisol_metrics::{CosineSimilarity, Metric};
/// use crisol_tensor::Tensor;
/// let mut metric = CosineSimilarity::new();
/// metric.update(&Tensor::from_slice(&[0.0f32, 1.0], [1, 2]), &Tensor::from_slice(&[1.0f32, 1.0], [1, 2]), None)?;
/// assert!((metric.result()?.item()? - 0.707106).abs() < 1e-4);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Debug, Serialize, Deserialize)]
pub struct CosineSimilarity {
    axis: isize,
    mean: Mean,
}

impl CosineSimilarity {
    /// No batch yet; Keras' defaults.
    pub fn new() -> CosineSimilarity {
        CosineSimilarity { axis: -1, mean: Mean::new("cosine_similarity") }
    }

    /// The axis of the vectors; the last by default.
    #[must_use]
    pub fn axis(mut self, axis: isize) -> CosineSimilarity {
        self.axis = axis;
        self
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let (y_true, y_pred) = aligned(self.mean.name(), y_true, y_pred)?;
        Ok(distances::cosine_similarity(&y_true, &y_pred, self.axis))
    }
}

impl Default for CosineSimilarity {
    fn default() -> CosineSimilarity {
        CosineSimilarity::new()
    }
}

mean_of_samples!(CosineSimilarity);
