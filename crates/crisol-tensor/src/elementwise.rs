//! Elementwise methods: arithmetic and mathematical functions.

use crate::operand::Operand;
use crate::operators::binary;
use crate::recorder::record;
use crate::tensor::Tensor;
use crisol_ir::{Graph, NodeId, Result};

/// Whole exponents up to this size are multiplied out.
const MULTIPLIED_OUT: f64 = 64.0;

/// Functions of one tensor.
impl Tensor {
    #[track_caller]
    pub(crate) fn unary(&self, operation: fn(&mut Graph, NodeId) -> Result<NodeId>) -> Tensor {
        record(&[self], |graph, x| operation(graph, x[0]))
    }

    /// `e^x`.
    #[track_caller]
    #[must_use]
    pub fn exp(&self) -> Tensor {
        self.unary(crisol_ops::exp)
    }

    /// `e^x - 1`, exact near 0 too, where `exp` minus 1 loses everything.
    ///
    /// ```
    /// # use crisol_tensor::Tensor;
    /// let x = Tensor::from_slice(&[0.0f32, 1e-10], [2]);
    /// assert_eq!(x.expm1().to_vec::<f32>()?, [0.0, 1e-10]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn expm1(&self) -> Tensor {
        self.unary(crisol_ops::expm1)
    }

    /// The natural logarithm: minus infinity at 0, NaN below.
    #[track_caller]
    #[must_use]
    pub fn log(&self) -> Tensor {
        self.unary(crisol_ops::log)
    }

    /// `ln(1 + x)`, exact near 0 too, where `log` of 1 plus `x` loses everything.
    ///
    /// ```
    /// # use crisol_tensor::Tensor;
    /// let x = Tensor::from_slice(&[0.0f32, 1e-10], [2]);
    /// assert_eq!(x.log1p().to_vec::<f32>()?, [0.0, 1e-10]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn log1p(&self) -> Tensor {
        self.unary(crisol_ops::log1p)
    }

    /// The square root; NaN below 0.
    #[track_caller]
    #[must_use]
    pub fn sqrt(&self) -> Tensor {
        self.unary(crisol_ops::sqrt)
    }

    /// `1 / sqrt(x)`: infinity at 0, NaN below.
    ///
    /// ```
    /// # use crisol_tensor::Tensor;
    /// let x = Tensor::from_slice(&[4.0f32, 0.25], [2]);
    /// assert_eq!(x.rsqrt().to_vec::<f32>()?, [0.5, 2.0]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn rsqrt(&self) -> Tensor {
        self.unary(crisol_ops::rsqrt)
    }

    /// `1 / x`.
    ///
    /// ```
    /// # use crisol_tensor::Tensor;
    /// let x = Tensor::from_slice(&[4.0f32, -0.5], [2]);
    /// assert_eq!(x.reciprocal().to_vec::<f32>()?, [0.25, -2.0]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn reciprocal(&self) -> Tensor {
        self.unary(crisol_ops::reciprocal)
    }

    /// The hyperbolic tangent.
    #[track_caller]
    #[must_use]
    pub fn tanh(&self) -> Tensor {
        self.unary(crisol_ops::tanh)
    }

    /// `1 / (1 + e^-x)`.
    #[track_caller]
    #[must_use]
    pub fn sigmoid(&self) -> Tensor {
        self.unary(crisol_ops::sigmoid).with_logits(self)
    }

    /// The hyperbolic sine.
    #[track_caller]
    #[must_use]
    pub fn sinh(&self) -> Tensor {
        self.unary(crisol_ops::sinh)
    }

    /// The hyperbolic cosine.
    ///
    /// ```
    /// # use crisol_tensor::Tensor;
    /// let x = Tensor::from_slice(&[0.0f32], [1]);
    /// assert_eq!(x.cosh().to_vec::<f32>()?, [1.0]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn cosh(&self) -> Tensor {
        self.unary(crisol_ops::cosh)
    }

    /// The sine of an angle in radians, of any size.
    #[track_caller]
    #[must_use]
    pub fn sin(&self) -> Tensor {
        self.unary(crisol_ops::sin)
    }

    /// The cosine of an angle in radians, of any size.
    ///
    /// ```
    /// # use crisol_tensor::Tensor;
    /// let x = Tensor::from_slice(&[0.0f32], [1]);
    /// assert_eq!(x.cos().to_vec::<f32>()?, [1.0]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn cos(&self) -> Tensor {
        self.unary(crisol_ops::cos)
    }

    /// The tangent of an angle in radians.
    #[track_caller]
    #[must_use]
    pub fn tan(&self) -> Tensor {
        self.unary(crisol_ops::tan)
    }

    /// The angle from `-pi/2` to `pi/2` whose sine is `x`; NaN beyond 1.
    #[doc(alias = "arcsin")]
    #[track_caller]
    #[must_use]
    pub fn asin(&self) -> Tensor {
        self.unary(crisol_ops::asin)
    }

    /// The angle from 0 to `pi` whose cosine is `x`; NaN beyond 1.
    ///
    /// ```
    /// # use crisol_tensor::Tensor;
    /// let x = Tensor::from_slice(&[1.0f32, 2.0], [2]);
    /// assert_eq!(x.acos().is_nan().to_vec::<bool>()?, [false, true]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[doc(alias = "arccos")]
    #[track_caller]
    #[must_use]
    pub fn acos(&self) -> Tensor {
        self.unary(crisol_ops::acos)
    }

    /// The angle from `-pi/2` to `pi/2` whose tangent is `x`.
    #[doc(alias = "arctan")]
    #[track_caller]
    #[must_use]
    pub fn atan(&self) -> Tensor {
        self.unary(crisol_ops::atan)
    }

    /// The error function: `2 / sqrt(pi)` times the integral of `e^(-t^2)` from 0 to `x`.
    ///
    /// ```
    /// # use crisol_tensor::Tensor;
    /// let x = Tensor::from_slice(&[0.0f32, 10.0], [2]);
    /// assert_eq!(x.erf().to_vec::<f32>()?, [0.0, 1.0]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn erf(&self) -> Tensor {
        self.unary(crisol_ops::erf)
    }

    /// The absolute value, with gradient 0 at 0, as Keras has it on TensorFlow and PyTorch; on JAX it is 1.
    #[doc(alias = "absolute")]
    #[track_caller]
    #[must_use]
    pub fn abs(&self) -> Tensor {
        self.unary(crisol_ops::absolute)
    }

    /// 1 for positive numbers, -1 for negative ones, 0 for 0 and NaN for NaN; gradient 0.
    ///
    /// ```
    /// # use crisol_tensor::Tensor;
    /// let x = Tensor::from_slice(&[-3.0f32, 0.0, 0.5], [3]);
    /// assert_eq!(x.sign().to_vec::<f32>()?, [-1.0, 0.0, 1.0]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn sign(&self) -> Tensor {
        self.unary(crisol_ops::sign)
    }

    /// The largest integer that is not above `x`; gradient 0.
    ///
    /// ```
    /// # use crisol_tensor::Tensor;
    /// let x = Tensor::from_slice(&[-1.5f32, 1.5], [2]);
    /// assert_eq!(x.floor().to_vec::<f32>()?, [-2.0, 1.0]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn floor(&self) -> Tensor {
        self.unary(crisol_ops::floor)
    }

    /// The smallest integer that is not below `x`; gradient 0.
    ///
    /// ```
    /// # use crisol_tensor::Tensor;
    /// let x = Tensor::from_slice(&[-1.5f32, 1.5], [2]);
    /// assert_eq!(x.ceil().to_vec::<f32>()?, [-1.0, 2.0]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn ceil(&self) -> Tensor {
        self.unary(crisol_ops::ceil)
    }

    /// The nearest integer, the even one of two that are equally near, as in NumPy; gradient 0.
    ///
    /// ```
    /// # use crisol_tensor::Tensor;
    /// let x = Tensor::from_slice(&[0.5f32, 1.5, 2.6], [3]);
    /// assert_eq!(x.round().to_vec::<f32>()?, [0.0, 2.0, 3.0]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn round(&self) -> Tensor {
        self.unary(crisol_ops::round)
    }

    /// The integer part, towards 0; gradient 0.
    ///
    /// ```
    /// # use crisol_tensor::Tensor;
    /// let x = Tensor::from_slice(&[-1.5f32, 1.5], [2]);
    /// assert_eq!(x.trunc().to_vec::<f32>()?, [-1.0, 1.0]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn trunc(&self) -> Tensor {
        self.unary(crisol_ops::trunc)
    }

    /// `x * x`.
    #[track_caller]
    #[must_use]
    pub fn square(&self) -> Tensor {
        self.unary(crisol_ops::square)
    }

    /// `x^exponent` for a whole exponent, by repeated multiplication.
    #[track_caller]
    #[must_use]
    pub fn powi(&self, exponent: i32) -> Tensor {
        record(&[self], |graph, x| crisol_ops::integer_power(graph, x[0], exponent.into()))
    }
}

/// Functions of two tensors, which broadcast; a number takes the type of the tensor.
impl Tensor {
    /// `x^exponent`. A whole number of up to 64 in size is multiplied out, as by [`Tensor::powi`]; all else has the
    /// rules of C's `pow`: NaN for a negative `x` and an exponent that is no whole number, and 1 for the exponent 0.
    ///
    /// ```
    /// # use crisol_tensor::Tensor;
    /// let x = Tensor::from_slice(&[4.0f32, 9.0], [2]);
    /// assert_eq!(x.pow(0.5).to_vec::<f32>()?, [2.0, 3.0]);
    /// assert_eq!(x.pow(&Tensor::from_slice(&[-1.0f32, 2.0], [2])).to_vec::<f32>()?, [0.25, 81.0]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[doc(alias = "power")]
    #[track_caller]
    #[must_use]
    pub fn pow(&self, exponent: impl Operand) -> Tensor {
        match exponent.as_number() {
            Some(number) if number.trunc() == number && number.abs() <= MULTIPLIED_OUT => self.powi(number as i32),
            _ => binary(self, &exponent.to_tensor(self), crisol_ops::power),
        }
    }

    /// The angle of the point with this number along the second axis and `other` along the first one, from `-pi` to
    /// `pi`.
    #[doc(alias = "arctan2")]
    #[track_caller]
    #[must_use]
    pub fn atan2(&self, other: impl Operand) -> Tensor {
        binary(self, &other.to_tensor(self), crisol_ops::atan2)
    }

    /// `floor(x / other)`, as `//` in Python. Integers over 0 give 0.
    ///
    /// ```
    /// # use crisol_tensor::Tensor;
    /// let x = Tensor::from_slice(&[7i32, -7], [2]);
    /// assert_eq!(x.floor_divide(2).to_vec::<i32>()?, [3, -4]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn floor_divide(&self, other: impl Operand) -> Tensor {
        binary(self, &other.to_tensor(self), crisol_ops::floor_divide)
    }

    /// What [`Tensor::floor_divide`] leaves, with the sign of `other`, as `%` in Python. Integers over 0 give 0.
    ///
    /// ```
    /// # use crisol_tensor::Tensor;
    /// let x = Tensor::from_slice(&[7i32, -7], [2]);
    /// assert_eq!(x.remainder(3).to_vec::<i32>()?, [1, 2]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[doc(alias = "mod")]
    #[doc(alias = "floor_mod")]
    #[track_caller]
    #[must_use]
    pub fn remainder(&self, other: impl Operand) -> Tensor {
        binary(self, &other.to_tensor(self), crisol_ops::remainder)
    }

    /// The larger of the two; NaN if one is; gradient shared where they are equal.
    #[track_caller]
    #[must_use]
    pub fn maximum(&self, other: impl Operand) -> Tensor {
        binary(self, &other.to_tensor(self), crisol_ops::maximum)
    }

    /// The smaller of the two; NaN if one is; gradient shared where they are equal.
    #[track_caller]
    #[must_use]
    pub fn minimum(&self, other: impl Operand) -> Tensor {
        binary(self, &other.to_tensor(self), crisol_ops::minimum)
    }

    /// The numbers, those outside of `[low, high]` replaced by the nearer end; gradient shared at the ends.
    ///
    /// ```
    /// # use crisol_tensor::Tensor;
    /// let x = Tensor::from_slice(&[-3.0f32, 0.5, 3.0], [3]);
    /// assert_eq!(x.clip(-1, 1).to_vec::<f32>()?, [-1.0, 0.5, 1.0]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn clip(&self, low: impl Operand, high: impl Operand) -> Tensor {
        self.maximum(low).minimum(high)
    }
}
