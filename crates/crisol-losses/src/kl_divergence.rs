//! Kullback-Leibler divergence.

use crate::loss::Loss;
use crisol_ir::Result;
use crisol_params::Config;
use crisol_tensor::{Tensor, distances};
use serde::{Deserialize, Serialize};

/// `sum(y_true log(y_true / y_pred))` over the last axis, both kept from `1e-7` to 1, as `keras.losses.KLDivergence`.
///
/// ```
/// use crisol_losses::{Loss, KLDivergence};
/// use crisol_tensor::Tensor;
/// let y = Tensor::from_slice(&[0.5f32, 0.5, 0.5, 0.5], [2, 2]);
/// let p = Tensor::from_slice(&[0.25f32, 0.25, 0.5, 0.5], [2, 2]);
/// assert!((KLDivergence::new().call(&y, &p, None)?.item()? - 0.346_574).abs() < 1e-5);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct KLDivergence {}

impl KLDivergence {
    /// The loss.
    pub fn new() -> KLDivergence {
        KLDivergence {}
    }
}

impl Loss for KLDivergence {
    fn name(&self) -> &str {
        "kl_divergence"
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        Ok(distances::kl_divergence(y_true, y_pred))
    }

    fn config(&self) -> Option<Config> {
        Config::of("kl_divergence", self)
    }
}
