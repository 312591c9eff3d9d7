//! Hinge loss.

use crate::loss::Loss;
use crisol_ir::Result;
use crisol_params::Config;
use crisol_tensor::{Tensor, distances};
use serde::{Deserialize, Serialize};

/// `mean(max(1 - y_true y_pred, 0))` over the last axis, for targets of -1 and 1; a batch of targets that are all 0 or 1 is taken as -1 and 1, as `keras.losses.Hinge`.
///
/// ```
/// use crisol_losses::{Loss, Hinge};
/// use crisol_tensor::Tensor;
/// let y = Tensor::from_slice(&[0.0f32, 1.0, 0.0, 0.0], [2, 2]);
/// let p = Tensor::from_slice(&[0.6f32, 0.4, 0.4, 0.6], [2, 2]);
/// assert!((Hinge::new().call(&y, &p, None)?.item()? - 1.3).abs() < 1e-5);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Hinge {}

impl Hinge {
    /// The loss.
    pub fn new() -> Hinge {
        Hinge {}
    }
}

impl Loss for Hinge {
    fn name(&self) -> &str {
        "hinge"
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        Ok(distances::hinge(y_true, y_pred))
    }

    fn config(&self) -> Option<Config> {
        Config::of("hinge", self)
    }
}
