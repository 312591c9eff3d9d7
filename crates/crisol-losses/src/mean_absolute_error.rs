//! Mean absolute error.

use crate::loss::Loss;
use crisol_ir::Result;
use crisol_params::Config;
use crisol_tensor::{Tensor, distances};
use serde::{Deserialize, Serialize};

/// `mean(|y_true - y_pred|)` over the last axis, as `keras.losses.MeanAbsoluteError`.
///
/// ```
/// use crisol_losses::{Loss, MeanAbsoluteError};
/// use crisol_tensor::Tensor;
/// let y = Tensor::from_slice(&[0.0f32, 1.0, 0.0, 0.0], [2, 2]);
/// let p = Tensor::from_slice(&[1.0f32, 1.0, 1.0, 0.0], [2, 2]);
/// assert!((MeanAbsoluteError::new().call(&y, &p, None)?.item()? - 0.5).abs() < 1e-5);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MeanAbsoluteError {}

impl MeanAbsoluteError {
    /// The loss.
    pub fn new() -> MeanAbsoluteError {
        MeanAbsoluteError {}
    }
}

impl Loss for MeanAbsoluteError {
    fn name(&self) -> &str {
        "mean_absolute_error"
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        Ok(distances::mean_absolute_error(y_true, y_pred))
    }

    fn config(&self) -> Option<Config> {
        Config::of("mean_absolute_error", self)
    }
}
