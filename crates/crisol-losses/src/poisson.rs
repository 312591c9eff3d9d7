//! Poisson loss.

use crate::loss::Loss;
use crisol_ir::Result;
use crisol_params::Config;
use crisol_tensor::{Tensor, distances};
use serde::{Deserialize, Serialize};

/// `mean(y_pred - y_true log(y_pred + 1e-7))` over the last axis: the negative log-likelihood of counts, but for what does not depend on the predictions, as `keras.losses.Poisson`.
///
/// ```
/// use crisol_losses::{Loss, Poisson};
/// use crisol_tensor::Tensor;
/// let y = Tensor::from_slice(&[0.0f32, 1.0, 0.0, 0.0], [2, 2]);
/// let p = Tensor::from_slice(&[1.0f32, 1.0, 0.0, 0.0], [2, 2]);
/// assert!((Poisson::new().call(&y, &p, None)?.item()? - 0.5).abs() < 1e-5);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Poisson {}

impl Poisson {
    /// The loss.
    pub fn new() -> Poisson {
        Poisson {}
    }
}

impl Loss for Poisson {
    fn name(&self) -> &str {
        "poisson"
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        Ok(distances::poisson(y_true, y_pred))
    }

    fn config(&self) -> Option<Config> {
        Config::of("poisson", self)
    }
}
