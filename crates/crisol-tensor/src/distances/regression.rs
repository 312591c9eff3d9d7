//! Distances between numbers and between directions.

use super::EPSILON;
use crate::tensor::Tensor;

/// `mean((y - p)^2)`.
pub fn mean_squared_error(y_true: &Tensor, y_pred: &Tensor) -> Tensor {
    (y_true - y_pred).square().mean(-1)
}

/// `mean(|y - p|)`; the gradient is 0 where they are equal.
pub fn mean_absolute_error(y_true: &Tensor, y_pred: &Tensor) -> Tensor {
    (y_true - y_pred).abs().mean(-1)
}

/// `100 mean(|y - p| / max(|y|, 1e-7))`.
pub fn mean_absolute_percentage_error(y_true: &Tensor, y_pred: &Tensor) -> Tensor {
    ((y_true - y_pred) / y_true.abs().maximum(EPSILON)).abs().mean(-1) * 100.0
}

/// `mean((log(y + 1) - log(p + 1))^2)`, with numbers below `1e-7` taken as that.
pub fn mean_squared_logarithmic_error(y_true: &Tensor, y_pred: &Tensor) -> Tensor {
    let log = |x: &Tensor| (x.maximum(EPSILON) + 1.0).log();
    (log(y_pred) - log(y_true)).square().mean(-1)
}

/// The cosine of the angle between the vectors along `axis`: 1 for the same direction, 0 if one of them is 0.
pub fn cosine_similarity(y_true: &Tensor, y_pred: &Tensor, axis: isize) -> Tensor {
    // The bound is inside of the root: that of Keras is outside, with the same value and a gradient of NaN at 0.
    let normalize = |x: &Tensor| x * x.square().sum_keep(axis).maximum(EPSILON * EPSILON).rsqrt();
    (normalize(y_true) * normalize(y_pred)).sum(axis)
}

/// `mean(log(cosh(p - y)))`, without overflow.
pub fn log_cosh(y_true: &Tensor, y_pred: &Tensor) -> Tensor {
    let x = y_pred - y_true;
    (&x + (&x * -2.0).softplus() - std::f64::consts::LN_2).mean(-1)
}
