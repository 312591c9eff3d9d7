//! Cross-entropy of logits in which one of two classes weighs more.

use crisol_tensor::Tensor;

/// `-(w y log p + (1 - y) log(1 - p))` with `p = sigmoid(logits)`, element by element, as `tf.nn.weighted_cross_entropy_with_logits`: with
/// `pos_weight` above 1 what is missed costs more than what is invented.
///
/// Computed as `(1 - y) x + (1 + (w - 1) y) (log(1 + e^-|x|) + max(-x, 0))`, without overflow. Wrong shapes and types travel in the result.
///
/// ```
/// use crisol_losses::{loss_fn, weighted_cross_entropy_with_logits, Loss};
/// use crisol_tensor::Tensor;
/// let loss = loss_fn("weighted", |y, x| weighted_cross_entropy_with_logits(y, x, 5.0).mean(-1));
/// let x = Tensor::from_slice(&[0.0f32, 0.0], [2, 1]);
/// let y = Tensor::from_slice(&[1.0f32, 0.0], [2, 1]);
/// assert!((loss.call(&y, &x, None)?.item()? - 3.0 * 2f64.ln()).abs() < 1e-6);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
pub fn weighted_cross_entropy_with_logits(labels: &Tensor, logits: &Tensor, pos_weight: f64) -> Tensor {
    // Chosen rather than by abs and maximum, whose gradients at 0 do not add up to the right one.
    let positive = logits.greater_equal(0.0);
    let folded = positive.select(-logits, logits);
    let below = positive.select(0.0, -logits);
    (1.0 - labels) * logits + (1.0 + labels * (pos_weight - 1.0)) * (folded.exp().log1p() + below)
}
