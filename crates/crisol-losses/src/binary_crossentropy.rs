//! Binary cross-entropy, from probabilities or logits.

use crate::loss::Loss;
use crisol_ir::Result;
use crisol_params::Config;
use crisol_tensor::{Tensor, distances};
use serde::{Deserialize, Serialize};

/// `-(y log p + (1 - y) log(1 - p))`, the mean over an axis, as `keras.losses.BinaryCrossentropy`.
///
/// From logits `x` it is computed as `max(x, 0) - x y + log(1 + e^-|x|)`, which neither overflows nor loses the tails. This is also
/// done for the output of a sigmoid, whose [logits](Tensor::logits) are known, as in Keras on TensorFlow. Other probabilities
/// are kept `1e-7` away from 0 and 1.
///
/// ```
/// use crisol_losses::{BinaryCrossentropy, Loss};
/// use crisol_tensor::Tensor;
/// let y = Tensor::from_slice(&[1.0f32, 0.0], [2]);
/// let p = Tensor::from_slice(&[0.5f32, 0.5], [2, 1]);
/// let loss = BinaryCrossentropy::new().call(&y, &p, None)?.item()?;
/// assert!((loss - 2f64.ln()).abs() < 1e-6);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BinaryCrossentropy {
    from_logits: bool,
    label_smoothing: f64,
    axis: isize,
}

impl BinaryCrossentropy {
    /// The loss with Keras' defaults: from probabilities, no smoothing, over the last axis.
    pub fn new() -> BinaryCrossentropy {
        BinaryCrossentropy { from_logits: false, label_smoothing: 0.0, axis: -1 }
    }

    /// Whether predictions are logits rather than probabilities.
    #[must_use]
    pub fn from_logits(mut self, from_logits: bool) -> BinaryCrossentropy {
        self.from_logits = from_logits;
        self
    }

    /// Moves targets this far towards 0.5: `y (1 - s) + s / 2`.
    #[must_use]
    pub fn label_smoothing(mut self, label_smoothing: f64) -> BinaryCrossentropy {
        self.label_smoothing = label_smoothing;
        self
    }

    /// The axis that the mean is taken over.
    #[must_use]
    pub fn axis(mut self, axis: isize) -> BinaryCrossentropy {
        self.axis = axis;
        self
    }
}

impl Default for BinaryCrossentropy {
    fn default() -> BinaryCrossentropy {
        BinaryCrossentropy::new()
    }
}

impl Loss for BinaryCrossentropy {
    fn name(&self) -> &str {
        "binary_crossentropy"
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let y = distances::smooth_binary(y_true, self.label_smoothing);
        Ok(distances::binary_crossentropy(&y, y_pred, self.from_logits, self.axis))
    }

    fn expects_probabilities(&self) -> bool {
        !self.from_logits
    }

    fn config(&self) -> Option<Config> {
        Config::of("binary_crossentropy", self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_saturated_sigmoid_still_tells_how_far_off_it_is() {
        let loss = |x: f32| {
            let p = Tensor::from_slice(&[x], [1, 1]).sigmoid();
            BinaryCrossentropy::new().call(&Tensor::ones([1]), &p, None).unwrap().item().unwrap()
        };
        assert!((loss(-300.0) - 300.0).abs() < 1e-3);
        assert!((loss(-0.5) - 0.974_077).abs() < 1e-6);
        let certain = Tensor::zeros([1, 1]);
        let clipped = BinaryCrossentropy::new().call(&Tensor::ones([1]), &certain, None).unwrap();
        assert!((clipped.item().unwrap() - 16.118_095).abs() < 1e-3);
    }
}
