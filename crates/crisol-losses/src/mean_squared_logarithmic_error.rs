//! Mean squared logarithmic error.

use crate::loss::Loss;
use crisol_ir::Result;
use crisol_params::Config;
use crisol_tensor::{Tensor, distances};
use serde::{Deserialize, Serialize};

/// `mean((log(y_true + 1) - log(y_pred + 1))^2)` over the last axis, with numbers below `1e-7` taken as that, as `keras.losses.MeanSquaredLogarithmicError`.
///
/// ```
/// use crisol_losses::{Loss, MeanSquaredLogarithmicError};
/// use crisol_tensor::Tensor;
/// let y = Tensor::from_slice(&[0.0f32, 1.0, 0.0, 0.0], [2, 2]);
/// let p = Tensor::from_slice(&[1.0f32, 1.0, 1.0, 0.0], [2, 2]);
/// assert!((MeanSquaredLogarithmicError::new().call(&y, &p, None)?.item()? - 0.240_227).abs() < 1e-5);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MeanSquaredLogarithmicError {}

impl MeanSquaredLogarithmicError {
    /// The loss.
    pub fn new() -> MeanSquaredLogarithmicError {
        MeanSquaredLogarithmicError {}
    }
}

impl Loss for MeanSquaredLogarithmicError {
    fn name(&self) -> &str {
        "mean_squared_logarithmic_error"
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        Ok(distances::mean_squared_logarithmic_error(y_true, y_pred))
    }

    fn config(&self) -> Option<Config> {
        Config::of("mean_squared_logarithmic_error", self)
    }
}
