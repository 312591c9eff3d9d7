//! Cosine similarity as a loss.

use crate::loss::Loss;
use crisol_ir::Result;
use crisol_params::Config;
use crisol_tensor::{Tensor, distances};
use serde::{Deserialize, Serialize};

/// Minus the cosine of the angle between targets and predictions along an axis: -1 for the same direction, as
/// `keras.losses.CosineSimilarity`.
///
/// ```
/// use crisol_losses::{CosineSimilarity, Loss};
/// use crisol_tensor::Tensor;
/// let y = Tensor::from_slice(&[0.0f32, 1.0, 1.0, 1.0], [2, 2]);
/// let p = Tensor::from_slice(&[1.0f32, 0.0, 1.0, 1.0], [2, 2]);
/// assert!((CosineSimilarity::new().call(&y, &p, None)?.item()? + 0.5).abs() < 1e-6);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CosineSimilarity {
    axis: isize,
}

impl CosineSimilarity {
    /// Along the last axis.
    pub fn new() -> CosineSimilarity {
        CosineSimilarity { axis: -1 }
    }

    /// The axis along which vectors lie.
    #[must_use]
    pub fn axis(mut self, axis: isize) -> CosineSimilarity {
        self.axis = axis;
        self
    }
}

impl Default for CosineSimilarity {
    fn default() -> CosineSimilarity {
        CosineSimilarity::new()
    }
}

impl Loss for CosineSimilarity {
    fn name(&self) -> &str {
        "cosine_similarity"
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        Ok(-distances::cosine_similarity(y_true, y_pred, self.axis))
    }

    fn config(&self) -> Option<Config> {
        Config::of("cosine_similarity", self)
    }
}
