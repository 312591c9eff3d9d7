//! Tversky loss.

use crate::dice::sum_over;
use crate::loss::Loss;
use crisol_ir::Result;
use crisol_params::Config;
use crisol_tensor::{Tensor, distances};
use serde::{Deserialize, Serialize};

/// `1 - o / (o + alpha a + beta b + 1e-7)` with the overlap `o = sum(y p)`, `a = sum((1 - p) y)` and `b = sum(p (1 - y))`, as `keras.losses.Tversky`
/// (Salehi et al., 2017). With both at 0.5 it is the Dice loss.
///
/// Keras calls `a` false positives and `b` false negatives, the other way round than everybody: `alpha` weighs what was missed.
///
/// ```
/// use crisol_losses::{Loss, Tversky};
/// use crisol_tensor::Tensor;
/// let y = Tensor::from_slice(&[1.0f32, 1.0, 0.0, 0.0], [4, 1]);
/// let p = Tensor::from_slice(&[1.0f32, 0.0, 0.0, 0.0], [4, 1]);
/// assert!((Tversky::new(1.0, 0.0).call(&y, &p, None)?.item()? - 0.5).abs() < 1e-6);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Tversky {
    alpha: f64,
    beta: f64,
    axis: Option<Vec<isize>>,
}

impl Tversky {
    /// The loss with the weights of the two kinds of mistakes, over all axes.
    pub fn new(alpha: f64, beta: f64) -> Tversky {
        Tversky { alpha, beta, axis: None }
    }

    /// The axes that belong to one overlap: `[1, 2, 3]` gives one loss an image.
    #[must_use]
    pub fn axis(mut self, axis: impl Into<Vec<isize>>) -> Tversky {
        self.axis = Some(axis.into());
        self
    }
}

impl Default for Tversky {
    /// Keras' default: 0.5 and 0.5.
    fn default() -> Tversky {
        Tversky::new(0.5, 0.5)
    }
}

impl Loss for Tversky {
    fn name(&self) -> &str {
        "tversky"
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let sum = |x: Tensor| sum_over(&x, self.axis.as_deref());
        let overlap = sum(y_true * y_pred);
        let missed = sum((1.0 - y_pred) * y_true) * self.alpha;
        let invented = sum(y_pred * (1.0 - y_true)) * self.beta;
        Ok(1.0 - &overlap / (&overlap + missed + invented + distances::EPSILON))
    }

    fn config(&self) -> Option<Config> {
        Config::of("tversky", self)
    }
}
