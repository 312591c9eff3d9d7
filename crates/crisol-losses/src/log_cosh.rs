//! The logarithm of the hyperbolic cosine of the error.

use crate::loss::Loss;
use crisol_ir::Result;
use crisol_params::Config;
use crisol_tensor::{Tensor, distances};
use serde::{Deserialize, Serialize};

/// `mean(log(cosh(y_pred - y_true)))` over the last axis, without overflow: a parabola near 0, straight far off, as `keras.losses.LogCosh`.
///
/// ```
/// use crisol_losses::{Loss, LogCosh};
/// use crisol_tensor::Tensor;
/// let y = Tensor::from_slice(&[0.0f32, 1.0, 0.0, 0.0], [2, 2]);
/// let p = Tensor::from_slice(&[1.0f32, 1.0, 0.0, 0.0], [2, 2]);
/// assert!((LogCosh::new().call(&y, &p, None)?.item()? - 0.108_445).abs() < 1e-5);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LogCosh {}

impl LogCosh {
    /// The loss.
    pub fn new() -> LogCosh {
        LogCosh {}
    }
}

impl Loss for LogCosh {
    fn name(&self) -> &str {
        "log_cosh"
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        Ok(distances::log_cosh(y_true, y_pred))
    }

    fn config(&self) -> Option<Config> {
        Config::of("log_cosh", self)
    }
}
