//! Hinge loss of several classes.

use crate::loss::Loss;
use crisol_ir::Result;
use crisol_params::Config;
use crisol_tensor::{Tensor, distances};
use serde::{Deserialize, Serialize};

/// `max(neg - pos + 1, 0)` with `pos = sum(y_true y_pred)` and `neg = max((1 - y_true) y_pred)` over the last axis, for one-hot targets, as `keras.losses.CategoricalHinge`.
///
/// ```
/// use crisol_losses::{Loss, CategoricalHinge};
/// use crisol_tensor::Tensor;
/// let y = Tensor::from_slice(&[0.0f32, 1.0, 0.0, 0.0], [2, 2]);
/// let p = Tensor::from_slice(&[0.6f32, 0.4, 0.4, 0.6], [2, 2]);
/// assert!((CategoricalHinge::new().call(&y, &p, None)?.item()? - 1.4).abs() < 1e-5);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CategoricalHinge {}

impl CategoricalHinge {
    /// The loss.
    pub fn new() -> CategoricalHinge {
        CategoricalHinge {}
    }
}

impl Loss for CategoricalHinge {
    fn name(&self) -> &str {
        "categorical_hinge"
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        Ok(distances::categorical_hinge(y_true, y_pred))
    }

    fn config(&self) -> Option<Config> {
        Config::of("categorical_hinge", self)
    }
}
