//! Binary cross-entropy, from probabilities or logits.

use crate::EPSILON;
use crate::loss::Loss;
use crisol_ir::Result;
use crisol_tensor::Tensor;

/// `-(y log p + (1 - y) log(1 - p))`, the mean over the last axis, as `keras.losses.BinaryCrossentropy`.
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
#[derive(Clone, Debug, Default)]
pub struct BinaryCrossentropy {
    from_logits: bool,
    label_smoothing: f64,
}

impl BinaryCrossentropy {
    /// The loss with Keras' defaults: from probabilities, no smoothing.
    pub fn new() -> BinaryCrossentropy {
        BinaryCrossentropy::default()
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
}

impl Loss for BinaryCrossentropy {
    fn name(&self) -> &str {
        "binary_crossentropy"
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let smoothed;
        let y = if self.label_smoothing == 0.0 {
            y_true
        } else {
            smoothed = y_true * (1.0 - self.label_smoothing) + 0.5 * self.label_smoothing;
            &smoothed
        };
        let logits = if self.from_logits { Some(y_pred) } else { y_pred.logits() };
        let losses = if let Some(x) = logits {
            x.relu() - x * y + ((-x.abs()).exp() + 1.0).log()
        } else {
            let p = y_pred.clip(EPSILON, 1.0 - EPSILON);
            -(y * p.log() + (1.0 - y) * (1.0 - &p).log())
        };
        Ok(losses.mean(-1))
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
