//! Focal cross-entropy of several classes.

use crate::loss::Loss;
use crisol_ir::Result;
use crisol_params::Config;
use crisol_tensor::{Tensor, distances};
use serde::{Deserialize, Serialize};

/// `-sum(alpha (1 - p)^gamma y log p)` over an axis: what is right already counts less, as `keras.losses.CategoricalFocalCrossentropy`
/// (Lin et al., 2018).
///
/// Probabilities are divided by their sum and kept `1e-7` away from 0 and 1, those of logits too, as in Keras.
///
/// ```
/// use crisol_losses::{CategoricalFocalCrossentropy, Loss};
/// use crisol_tensor::Tensor;
/// let y = Tensor::from_slice(&[0.0f32, 1.0], [1, 2]);
/// let p = Tensor::from_slice(&[0.5f32, 0.5], [1, 2]);
/// let loss = CategoricalFocalCrossentropy::new().call(&y, &p, None)?.item()?;
/// assert!((loss - 0.25 * 0.25 * 2f64.ln()).abs() < 1e-6);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CategoricalFocalCrossentropy {
    alpha: f64,
    gamma: f64,
    from_logits: bool,
    label_smoothing: f64,
    axis: isize,
}

impl CategoricalFocalCrossentropy {
    /// The loss with Keras' defaults: `alpha` 0.25, `gamma` 2, from probabilities, no smoothing, classes along the last axis.
    pub fn new() -> CategoricalFocalCrossentropy {
        CategoricalFocalCrossentropy { alpha: 0.25, gamma: 2.0, from_logits: false, label_smoothing: 0.0, axis: -1 }
    }

    /// The factor of all losses.
    #[must_use]
    pub fn alpha(mut self, alpha: f64) -> CategoricalFocalCrossentropy {
        self.alpha = alpha;
        self
    }

    /// How much less counts what is right already.
    #[must_use]
    pub fn gamma(mut self, gamma: f64) -> CategoricalFocalCrossentropy {
        self.gamma = gamma;
        self
    }

    /// Whether predictions are logits rather than probabilities.
    #[must_use]
    pub fn from_logits(mut self, from_logits: bool) -> CategoricalFocalCrossentropy {
        self.from_logits = from_logits;
        self
    }

    /// Moves targets this far towards equal shares: `y (1 - s) + s / classes`, where the last axis holds the classes, as in Keras.
    #[must_use]
    pub fn label_smoothing(mut self, label_smoothing: f64) -> CategoricalFocalCrossentropy {
        self.label_smoothing = label_smoothing;
        self
    }

    /// The axis along which the classes lie.
    #[must_use]
    pub fn axis(mut self, axis: isize) -> CategoricalFocalCrossentropy {
        self.axis = axis;
        self
    }
}

impl Default for CategoricalFocalCrossentropy {
    fn default() -> CategoricalFocalCrossentropy {
        CategoricalFocalCrossentropy::new()
    }
}

impl Loss for CategoricalFocalCrossentropy {
    fn name(&self) -> &str {
        "categorical_focal_crossentropy"
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let y = distances::smooth_categorical(y_true, self.label_smoothing);
        let p = if self.from_logits { y_pred.softmax(self.axis) } else { y_pred.clone() };
        let p = (&p / p.sum_keep(self.axis)).clip(distances::EPSILON, 1.0 - distances::EPSILON);
        let entropy = -(y * p.log());
        Ok(((1.0 - p).pow(self.gamma) * self.alpha * entropy).sum(self.axis))
    }

    fn expects_probabilities(&self) -> bool {
        !self.from_logits
    }

    fn config(&self) -> Option<Config> {
        Config::of("categorical_focal_crossentropy", self)
    }
}
