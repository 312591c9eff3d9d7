//! Huber loss.

use crate::loss::Loss;
use crisol_ir::Result;
use crisol_params::Config;
use crisol_tensor::Tensor;
use serde::{Deserialize, Serialize};

/// `e^2 / 2` where `|e| <= delta`, else `delta |e| - delta^2 / 2`, for `e = y_pred - y_true`; the mean over the last axis, as `keras.losses.Huber`
/// (Huber, 1964).
///
/// ```
/// use crisol_losses::{Huber, Loss};
/// use crisol_tensor::Tensor;
/// let y = Tensor::zeros([1, 2]);
/// let p = Tensor::from_slice(&[0.5f32, 3.0], [1, 2]);
/// assert!((Huber::default().call(&y, &p, None)?.item()? - 1.3125).abs() < 1e-6);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Huber {
    delta: f64,
}

impl Huber {
    /// The loss that is straight from `delta` on.
    pub fn new(delta: f64) -> Huber {
        Huber { delta }
    }
}

impl Default for Huber {
    /// Keras' default: a delta of 1.
    fn default() -> Huber {
        Huber::new(1.0)
    }
}

impl Loss for Huber {
    fn name(&self) -> &str {
        "huber_loss"
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let delta = self.delta;
        let error = (y_pred - y_true).abs();
        let far = &error * delta - 0.5 * delta * delta;
        Ok(error.less_equal(delta).select(error.square() * 0.5, far).mean(-1))
    }

    fn config(&self) -> Option<Config> {
        Config::of("huber", self)
    }
}
