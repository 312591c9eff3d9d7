//! Activation functions, as methods and by Keras' names.

use crate::tensor::Tensor;
use crisol_ir::{Error, ErrorKind, Result};

/// A function that a layer applies to its output.
pub type ActivationFunction = fn(&Tensor) -> Tensor;

/// Every activation by its name in Keras, with Keras' defaults.
const ACTIVATIONS: [(&str, ActivationFunction); 31] = [
    ("linear", Tensor::clone),
    ("relu", |x| x.relu()),
    ("sigmoid", |x| x.sigmoid()),
    ("tanh", |x| x.tanh()),
    ("softmax", |x| x.softmax(-1)),
    ("log_softmax", |x| x.log_softmax(-1)),
    ("leaky_relu", |x| x.leaky_relu(0.2)),
    ("relu6", |x| x.relu6()),
    ("elu", |x| x.elu(1.0)),
    ("selu", |x| x.selu()),
    ("celu", |x| x.celu(1.0)),
    ("gelu", |x| x.gelu(false)),
    ("silu", |x| x.silu()),
    ("swish", |x| x.silu()),
    ("softplus", |x| x.softplus()),
    ("softsign", |x| x.softsign()),
    ("exponential", |x| x.exp()),
    ("hard_sigmoid", |x| x.hard_sigmoid()),
    ("hard_silu", |x| x.hard_silu()),
    ("hard_swish", |x| x.hard_silu()),
    ("mish", |x| x.mish()),
    ("log_sigmoid", |x| x.log_sigmoid()),
    ("hard_tanh", |x| x.hard_tanh()),
    ("tanh_shrink", |x| x.tanh_shrink()),
    ("soft_shrink", |x| x.soft_shrink(0.5)),
    ("hard_shrink", |x| x.hard_shrink(0.5)),
    ("squareplus", |x| x.squareplus(4.0)),
    ("sparse_plus", |x| x.sparse_plus()),
    ("sparse_sigmoid", |x| x.sparse_sigmoid()),
    ("glu", |x| x.glu(-1)),
    ("threshold", |x| x.threshold(0.0, 0.0)),
];

/// The activation function with the given name, with Keras' defaults: `leaky_relu` has a slope of 0.2, `gelu` is the
/// exact one.
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
        .ok_or_else(|| Error::unknown_name("activation", name, names()))
}

/// The names of all activations.
pub fn names() -> impl Iterator<Item = &'static str> {
    ACTIVATIONS.iter().map(|(name, _)| *name)
}

/// Rectifiers: linear for positive numbers.
impl Tensor {
    /// `max(x, 0)`, with gradient 0 at 0; NaN stays NaN.
    #[track_caller]
    #[must_use]
    pub fn relu(&self) -> Tensor {
        self.unary(crisol_ops::relu)
    }

    /// `x` where it is 0 or more, else `slope * x`; gradient 1 at 0.
    ///
    /// ```
    /// # use crisol_tensor::Tensor;
    /// let x = Tensor::from_slice(&[-2.0f32, 3.0], [2]);
    /// assert_eq!(x.leaky_relu(0.5).to_vec::<f32>()?, [-1.0, 3.0]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn leaky_relu(&self, slope: f64) -> Tensor {
        self.greater_equal(0).select(self, self * slope)
    }

    /// `min(max(x, 0), 6)`, with gradient 0 at 0 and at 6; NaN stays NaN.
    #[track_caller]
    #[must_use]
    pub fn relu6(&self) -> Tensor {
        let positive = self.relu();
        positive.greater_equal(6).select(6, positive)
    }

    /// `x` where it is positive, else `alpha * (e^x - 1)`; gradient `alpha` at 0.
    ///
    /// Source: Clevert, Unterthiner and Hochreiter, "Fast and Accurate Deep Network Learning by Exponential Linear
    /// Units" (2016).
    #[track_caller]
    #[must_use]
    pub fn elu(&self, alpha: f64) -> Tensor {
        let positive = self.greater(0);
        // What is not chosen must stay finite: its gradient is multiplied by 0.
        let negative = positive.select(0, self).expm1();
        positive.select(self, negative * alpha)
    }

    /// `1.0507 * elu(x)` with `alpha = 1.67326`: what keeps the mean 0 and the variance 1 from layer to layer.
    ///
    /// Source: Klambauer, Unterthiner, Mayr and Hochreiter, "Self-Normalizing Neural Networks" (2017).
    #[track_caller]
    #[must_use]
    pub fn selu(&self) -> Tensor {
        self.elu(1.673_263_242_354_377_2) * 1.050_700_987_355_480_5
    }

    /// `max(x, 0) + alpha * (e^(min(x, 0) / alpha) - 1)`, smooth at 0.
    ///
    /// Source: Barron, "Continuously Differentiable Exponential Linear Units" (2017).
    #[track_caller]
    #[must_use]
    pub fn celu(&self, alpha: f64) -> Tensor {
        self.maximum(0) + (self.minimum(0) / alpha).expm1() * alpha
    }

    /// `x * P(X <= x)` for a normally distributed `X`: `x / 2 * (1 + erf(x / sqrt 2))`, or with a `tanh` in its place
    /// if approximate.
    ///
    /// Source: Hendrycks and Gimpel, "Gaussian Error Linear Units" (2016).
    ///
    /// ```
    /// # use crisol_tensor::Tensor;
    /// let x = Tensor::from_slice(&[-1.0f32, 0.0, 10.0], [3]);
    /// assert_eq!(x.gelu(false).to_vec::<f32>()?[1..], [0.0, 10.0]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn gelu(&self, approximate: bool) -> Tensor {
        let below = if approximate {
            ((self + self.powi(3) * 0.044_715) * (std::f64::consts::FRAC_2_PI.sqrt())).tanh()
        } else {
            (self * std::f64::consts::FRAC_1_SQRT_2).erf()
        };
        self * (below + 1) * 0.5
    }

    /// `x * sigmoid(x)`, also called swish.
    #[doc(alias = "swish")]
    #[track_caller]
    #[must_use]
    pub fn silu(&self) -> Tensor {
        self * self.sigmoid()
    }

    /// `ln(1 + e^x)` without overflow.
    #[track_caller]
    #[must_use]
    pub fn softplus(&self) -> Tensor {
        self.unary(crisol_ops::softplus)
    }

    /// `(x + sqrt(x^2 + b)) / 2`.
    #[track_caller]
    #[must_use]
    pub fn squareplus(&self, b: f64) -> Tensor {
        (self + (self.square() + b).sqrt()) * 0.5
    }

    /// `x * tanh(softplus(x))`.
    ///
    /// Source: Misra, "Mish: A Self Regularized Non-Monotonic Activation Function" (2019).
    #[track_caller]
    #[must_use]
    pub fn mish(&self) -> Tensor {
        self * self.softplus().tanh()
    }

    /// `x * hard_sigmoid(x)`, also called hard swish.
    #[doc(alias = "hard_swish")]
    #[track_caller]
    #[must_use]
    pub fn hard_silu(&self) -> Tensor {
        self * self.hard_sigmoid()
    }

    /// 0 up to -1, `x` from 1 on, and `(x + 1)^2 / 4` between.
    #[track_caller]
    #[must_use]
    pub fn sparse_plus(&self) -> Tensor {
        let between = (self + 1).square() * 0.25;
        self.less_equal(-1).select(0, self.less(1).select(between, self))
    }

    /// `x` above a threshold, `otherwise` elsewhere.
    #[track_caller]
    #[must_use]
    pub fn threshold(&self, threshold: f64, otherwise: f64) -> Tensor {
        self.greater(threshold).select(self, otherwise)
    }
}

/// Squashing functions, and what is left of a number beside them.
impl Tensor {
    /// `x / (1 + |x|)`.
    #[track_caller]
    #[must_use]
    pub fn softsign(&self) -> Tensor {
        self / (self.abs() + 1)
    }

    /// `relu6(x + 3) / 6`: 0 up to -3, 1 from 3 on.
    #[track_caller]
    #[must_use]
    pub fn hard_sigmoid(&self) -> Tensor {
        (self + 3).relu6() / 6
    }

    /// `ln(sigmoid(x))`, finite wherever it can be.
    #[track_caller]
    #[must_use]
    pub fn log_sigmoid(&self) -> Tensor {
        -(-self).softplus()
    }

    /// `x` within -1 and 1, the nearer of the two elsewhere; gradient 1 at both.
    #[track_caller]
    #[must_use]
    pub fn hard_tanh(&self) -> Tensor {
        self.greater(1).select(1, self.less(-1).select(-1, self))
    }

    /// 0 up to -1, 1 from 1 on, and `(x + 1) / 2` between; half the gradient at both.
    #[track_caller]
    #[must_use]
    pub fn sparse_sigmoid(&self) -> Tensor {
        (self + 1).clip(0, 2) * 0.5
    }

    /// `x - tanh(x)`.
    #[track_caller]
    #[must_use]
    pub fn tanh_shrink(&self) -> Tensor {
        self - self.tanh()
    }

    /// `x` moved by a threshold towards 0, and 0 where it is smaller than that.
    #[track_caller]
    #[must_use]
    pub fn soft_shrink(&self, threshold: f64) -> Tensor {
        let below = self.less(-threshold).select(self + threshold, 0);
        self.greater(threshold).select(self - threshold, below)
    }

    /// `x` where it is larger in size than a threshold, else 0.
    #[track_caller]
    #[must_use]
    pub fn hard_shrink(&self, threshold: f64) -> Tensor {
        self.abs().greater(threshold).select(self, 0)
    }
}

/// Functions along an axis.
impl Tensor {
    /// The gated linear unit: the first half of an axis times the sigmoid of the second.
    ///
    /// # Errors
    /// An axis that does not exist, or of an odd size: the tensor carries the error.
    ///
    /// ```
    /// # use crisol_tensor::Tensor;
    /// let x = Tensor::from_slice(&[4.0f32, 0.0], [2]);
    /// assert_eq!(x.glu(-1).to_vec::<f32>()?, [2.0]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn glu(&self, axis: isize) -> Tensor {
        let halves = || -> Result<[Vec<std::ops::Range<usize>>; 2]> {
            let shape = self.shape()?;
            let axis = shape.axis(axis)?;
            let size = shape[axis];
            if !size.is_multiple_of(2) {
                let text = format!("axis {axis} of {shape} has an odd size: expected two halves");
                return Err(Error::new(ErrorKind::Shape, text).operation("glu"));
            }
            let half = |range: std::ops::Range<usize>| {
                (0..shape.rank()).map(|at| if at == axis { range.clone() } else { 0..shape[at] }).collect()
            };
            Ok([half(0..size / 2), half(size / 2..size)])
        };
        match halves() {
            Ok([value, gate]) => self.slice(&value) * self.slice(&gate).sigmoid(),
            Err(error) => Tensor::from(Err(error)),
        }
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
