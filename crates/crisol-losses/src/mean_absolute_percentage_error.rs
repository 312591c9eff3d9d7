//! Mean absolute percentage error.

use crate::loss::Loss;
use crisol_ir::Result;
use crisol_params::Config;
use crisol_tensor::{Tensor, distances};
use serde::{Deserialize, Serialize};

/// `100 mean(|y_true - y_pred| / max(|y_true|, 1e-7))` over the last axis, as `keras.losses.MeanAbsolutePercentageError`.
///
/// ```
/// use crisol_losses::{Loss, MeanAbsolutePercentageError};
/// use crisol_tensor::Tensor;
/// let y = Tensor::from_slice(&[2.0f32, 1.0, 2.0, 3.0], [2, 2]);
/// let p = Tensor::from_slice(&[1.0f32, 1.0, 1.0, 0.0], [2, 2]);
/// assert!((MeanAbsolutePercentageError::new().call(&y, &p, None)?.item()? - 50.0).abs() < 1e-5);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MeanAbsolutePercentageError {}

impl MeanAbsolutePercentageError {
    /// The loss.
    pub fn new() -> MeanAbsolutePercentageError {
        MeanAbsolutePercentageError {}
    }
}

impl Loss for MeanAbsolutePercentageError {
    fn name(&self) -> &str {
        "mean_absolute_percentage_error"
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        Ok(distances::mean_absolute_percentage_error(y_true, y_pred))
    }

    fn config(&self) -> Option<Config> {
        Config::of("mean_absolute_percentage_error", self)
    }
}
