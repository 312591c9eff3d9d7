//! Distances from the right side of a margin.

use crate::tensor::Tensor;

/// `mean(max(1 - y p, 0))` for targets of -1 and 1; targets that are all 0 or 1 are taken as -1 and 1.
pub fn hinge(y_true: &Tensor, y_pred: &Tensor) -> Tensor {
    below_margin(y_true, y_pred).mean(-1)
}

/// `mean(max(1 - y p, 0)^2)`, with targets as for [`hinge`].
pub fn squared_hinge(y_true: &Tensor, y_pred: &Tensor) -> Tensor {
    below_margin(y_true, y_pred).square().mean(-1)
}

/// `max(neg - pos + 1, 0)` with `pos = sum(y p)` and `neg = max((1 - y) p)`, for one-hot targets.
pub fn categorical_hinge(y_true: &Tensor, y_pred: &Tensor) -> Tensor {
    let right = (y_true * y_pred).sum(-1);
    let wrong = ((1.0 - y_true) * y_pred).max(-1);
    (wrong - right + 1.0).maximum(0.0)
}

fn below_margin(y_true: &Tensor, y_pred: &Tensor) -> Tensor {
    // Decided by the whole batch, as in Keras: a batch of 1 alone means 1 either way.
    let binary = y_true.equal(0.0).logical_or(&y_true.equal(1.0)).all_all();
    let y_true = binary.select(y_true * 2.0 - 1.0, y_true);
    (1.0 - y_true * y_pred).maximum(0.0)
}
