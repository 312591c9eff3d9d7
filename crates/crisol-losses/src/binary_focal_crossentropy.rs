//! Binary focal cross-entropy.

use crate::loss::Loss;
use crisol_ir::Result;
use crisol_params::Config;
use crisol_tensor::{Tensor, distances};
use serde::{Deserialize, Serialize};

/// Binary cross-entropy times `(1 - p_t)^gamma`, where `p_t` is the probability of the right answer: what is right already counts less, as
/// `keras.losses.BinaryFocalCrossentropy` (Lin et al., 2018).
///
/// With class balancing, samples of class 1 weigh `alpha` and those of class 0 `1 - alpha`. Probabilities are kept `1e-7` away from 0 and 1
/// in the cross-entropy, those of logits too, as in Keras.
///
/// ```
/// use crisol_losses::{BinaryFocalCrossentropy, Loss};
/// use crisol_tensor::Tensor;
/// let p = Tensor::from_slice(&[0.5f32], [1, 1]);
/// let loss = BinaryFocalCrossentropy::new().call(&Tensor::ones([1]), &p, None)?.item()?;
/// assert!((loss - 0.25 * 2f64.ln()).abs() < 1e-6);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BinaryFocalCrossentropy {
    balancing: bool,
    alpha: f64,
    gamma: f64,
    from_logits: bool,
    label_smoothing: f64,
    axis: isize,
}

impl BinaryFocalCrossentropy {
    /// The loss with Keras' defaults: no balancing, `alpha` 0.25, `gamma` 2, from probabilities, no smoothing, over the last axis.
    pub fn new() -> BinaryFocalCrossentropy {
        BinaryFocalCrossentropy {
            balancing: false,
            alpha: 0.25,
            gamma: 2.0,
            from_logits: false,
            label_smoothing: 0.0,
            axis: -1,
        }
    }

    /// Whether the classes weigh `alpha` and `1 - alpha`.
    #[must_use]
    pub fn apply_class_balancing(mut self, balancing: bool) -> BinaryFocalCrossentropy {
        self.balancing = balancing;
        self
    }

    /// What a sample of class 1 weighs, with class balancing.
    #[must_use]
    pub fn alpha(mut self, alpha: f64) -> BinaryFocalCrossentropy {
        self.alpha = alpha;
        self
    }

    /// How much less counts what is right already.
    #[must_use]
    pub fn gamma(mut self, gamma: f64) -> BinaryFocalCrossentropy {
        self.gamma = gamma;
        self
    }

    /// Whether predictions are logits rather than probabilities.
    #[must_use]
    pub fn from_logits(mut self, from_logits: bool) -> BinaryFocalCrossentropy {
        self.from_logits = from_logits;
        self
    }

    /// Moves targets this far towards 0.5: `y (1 - s) + s / 2`.
    #[must_use]
    pub fn label_smoothing(mut self, label_smoothing: f64) -> BinaryFocalCrossentropy {
        self.label_smoothing = label_smoothing;
        self
    }

    /// The axis that the mean is taken over.
    #[must_use]
    pub fn axis(mut self, axis: isize) -> BinaryFocalCrossentropy {
        self.axis = axis;
        self
    }
}

impl Default for BinaryFocalCrossentropy {
    fn default() -> BinaryFocalCrossentropy {
        BinaryFocalCrossentropy::new()
    }
}

impl Loss for BinaryFocalCrossentropy {
    fn name(&self) -> &str {
        "binary_focal_crossentropy"
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let y = distances::smooth_binary(y_true, self.label_smoothing);
        let p = if self.from_logits { y_pred.sigmoid() } else { y_pred.clone() };
        let kept = p.clip(distances::EPSILON, 1.0 - distances::EPSILON);
        let entropy = -(&y * kept.log() + (1.0 - &y) * (1.0 - &kept).log());
        let right = &y * &p + (1.0 - &y) * (1.0 - &p);
        let mut values = (1.0 - right).pow(self.gamma) * entropy;
        if self.balancing {
            values = values * (&y * self.alpha + (1.0 - &y) * (1.0 - self.alpha));
        }
        Ok(values.mean(self.axis))
    }

    fn expects_probabilities(&self) -> bool {
        !self.from_logits
    }

    fn config(&self) -> Option<Config> {
        Config::of("binary_focal_crossentropy", self)
    }
}
