//! Activation functions, as methods and by Keras' names.

use crate::tensor::Tensor;
use crisol_ir::{Error, Result};

/// A function that a layer applies to its output.
pub type ActivationFunction = fn(&Tensor) -> Tensor;

/// Every activation by its name in Keras.
const ACTIVATIONS: [(&str, ActivationFunction); 6] = [
    ("linear", Tensor::clone),
    ("relu", |x| x.relu()),
    ("sigmoid", |x| x.sigmoid()),
    ("tanh", |x| x.tanh()),
    ("softmax", |x| x.softmax(-1)),
    ("log_softmax", |x| x.log_softmax(-1)),
];

/// The activation function with the given name: `linear`, `relu`, `sigmoid`, `tanh`, `softmax` or `log_softmax`.
///
/// # Errors
/// No such name; the error offers the nearest.
///
/// ```
/// use crisol_tensor::activations::by_name;
/// assert!(by_name("relu").is_ok());
/// assert!(by_name("rleu").unwrap_err().to_string().contains("did you mean \"relu\""));
/// ```
pub fn by_name(name: &str) -> Result<ActivationFunction> {
    ACTIVATIONS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, function)| *function)
        .ok_or_else(|| Error::unknown_name("activation", name, ACTIVATIONS.map(|(known, _)| known)))
}

impl Tensor {
    /// `max(x, 0)`, with gradient 0 at 0; NaN stays NaN.
    #[track_caller]
    #[must_use]
    pub fn relu(&self) -> Tensor {
        crate::record(&[self], |graph, x| crisol_ops::relu(graph, x[0]))
    }

    /// `e^x / sum(e^x)` along an axis, computed after the largest element is subtracted.
    #[track_caller]
    #[must_use]
    pub fn softmax(&self, axis: isize) -> Tensor {
        let powers = (self - self.max_keep(axis).stop_gradient()).exp();
        let probabilities = &powers / powers.sum_keep(axis);
        let is_last = self.rank().is_ok_and(|rank| axis == -1 || axis + 1 == rank as isize);
        if is_last { probabilities.with_logits(self) } else { probabilities }
    }

    /// `log(softmax(x))` along an axis, finite wherever it can be.
    #[track_caller]
    #[must_use]
    pub fn log_softmax(&self, axis: isize) -> Tensor {
        let shifted = self - self.max_keep(axis).stop_gradient();
        &shifted - shifted.exp().sum_keep(axis).log()
    }

    /// `log(1 + e^x)` without overflow: `max(x, 0) + log(1 + e^-|x|)`.
    #[track_caller]
    #[must_use]
    pub fn softplus(&self) -> Tensor {
        self.relu() + ((-self.abs()).exp() + 1.0).log()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn softmax_survives_large_logits() {
        let x = Tensor::from_slice(&[1000.0f32, 1000.0, -1000.0], [1, 3]);
        assert_eq!(x.softmax(-1).to_vec::<f32>().unwrap(), [0.5, 0.5, 0.0]);
        let log = x.log_softmax(-1).to_vec::<f32>().unwrap();
        assert!((log[0] + 2.0f32.ln()).abs() < 1e-6 && log[2] < -1999.0, "{log:?}");
    }

    #[test]
    fn relu_keeps_nan() {
        let x = Tensor::from_slice(&[f32::NAN, -1.0, 2.0], [3]);
        let y = x.relu().to_vec::<f32>().unwrap();
        assert!(y[0].is_nan());
        assert_eq!(y[1..], [0.0, 2.0]);
    }
}
