//! Distances between distributions.
//!
//! Where predictions are probabilities that came out of a sigmoid or softmax, their [logits](Tensor::logits) are used, as Keras does
//! on TensorFlow: a probability that has reached 0 or 1 tells no more how far off it is.

use super::EPSILON;
use crate::tensor::Tensor;
use crisol_ir::DType;

/// `-(y log p + (1 - y) log(1 - p))`, the mean over `axis`. Probabilities are kept `1e-7` away from 0 and 1.
pub fn binary_crossentropy(y_true: &Tensor, y_pred: &Tensor, from_logits: bool, axis: isize) -> Tensor {
    let logits = if from_logits { Some(y_pred) } else { y_pred.logits() };
    let values = if let Some(logits) = logits {
        sigmoid_crossentropy_with_logits(y_true, logits)
    } else {
        let p = y_pred.clip(EPSILON, 1.0 - EPSILON);
        -(y_true * p.log() + (1.0 - y_true) * (1.0 - &p).log())
    };
    values.mean(axis)
}

/// `max(x, 0) - x y + log(1 + e^-|x|)`, element by element: the binary cross-entropy of logits, without overflow and with its tails.
pub fn sigmoid_crossentropy_with_logits(y_true: &Tensor, logits: &Tensor) -> Tensor {
    // Chosen rather than by relu and abs: their gradients at 0, where layers of zeros begin, do not add up to sigmoid(0) - y.
    let positive = logits.greater_equal(0.0);
    let (above, folded) = (positive.select(logits, 0.0), positive.select(-logits, logits));
    above - logits * y_true + folded.exp().log1p()
}

/// `-sum(y log p)` over `axis`.
pub fn categorical_crossentropy(y_true: &Tensor, y_pred: &Tensor, from_logits: bool, axis: isize) -> Tensor {
    -(y_true * log_probabilities(y_pred, from_logits, axis)).sum(axis)
}

/// `-log p[y]` for class numbers `y`, which have the shape of the predictions without `axis`. A number outside of the classes gives 0, as in
/// Keras on JAX.
pub fn sparse_categorical_crossentropy(y_true: &Tensor, y_pred: &Tensor, from_logits: bool, axis: isize) -> Tensor {
    let logs = log_probabilities(y_pred, from_logits, axis);
    let compute = || {
        let rank = y_pred.rank()?;
        let mut sizes = vec![1; rank];
        let place = if axis < 0 { (axis + rank as isize) as usize } else { axis as usize };
        if let Some(size) = sizes.get_mut(place) {
            *size = y_pred.dim(axis)?;
        }
        let classes = Tensor::range(DType::I32, y_pred.dim(axis)?).reshape(sizes.as_slice());
        let chosen = y_true.cast(DType::I32).expand_dims(axis).equal(classes);
        Ok(-chosen.select(&logs, 0.0).sum(axis))
    };
    compute().into()
}

/// The logarithms of probabilities along `axis`: of logits by `log_softmax`; of probabilities after they were divided by their sum and kept
/// `1e-7` away from 0 and 1.
pub fn log_probabilities(y_pred: &Tensor, from_logits: bool, axis: isize) -> Tensor {
    let last = y_pred.rank().is_ok_and(|rank| axis == -1 || axis + 1 == rank as isize);
    let logits = if from_logits { Some(y_pred) } else { y_pred.logits().filter(|_| last) };
    match logits {
        Some(logits) => logits.log_softmax(axis),
        None => (y_pred / y_pred.sum_keep(axis)).clip(EPSILON, 1.0 - EPSILON).log(),
    }
}

/// `sum(y log(y / p))`, both kept from `1e-7` to 1.
pub fn kl_divergence(y_true: &Tensor, y_pred: &Tensor) -> Tensor {
    let (y, p) = (y_true.clip(EPSILON, 1.0), y_pred.clip(EPSILON, 1.0));
    (&y * (&y / p).log()).sum(-1)
}

/// `mean(p - y log(p + 1e-7))`.
pub fn poisson(y_true: &Tensor, y_pred: &Tensor) -> Tensor {
    (y_pred - y_true * (y_pred + EPSILON).log()).mean(-1)
}

/// Targets moved towards 0.5: `y (1 - s) + s / 2`.
pub fn smooth_binary(y_true: &Tensor, smoothing: f64) -> Tensor {
    if smoothing == 0.0 { y_true.clone() } else { y_true * (1.0 - smoothing) + 0.5 * smoothing }
}

/// Targets moved towards equal shares of the last axis: `y (1 - s) + s / classes`.
pub fn smooth_categorical(y_true: &Tensor, smoothing: f64) -> Tensor {
    if smoothing == 0.0 {
        return y_true.clone();
    }
    match y_true.dim(-1) {
        Ok(classes) => y_true * (1.0 - smoothing) + smoothing / classes as f64,
        Err(error) => Tensor::failed(error),
    }
}
