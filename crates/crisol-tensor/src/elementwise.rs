//! Elementwise methods: functions of one tensor, comparisons, choices.

use crate::operand::Operand;
use crate::operators::binary;
use crate::recorder::record;
use crate::tensor::Tensor;
use crisol_ir::{Graph, NodeId, Result};

/// Functions of one tensor.
impl Tensor {
    #[track_caller]
    fn unary(&self, operation: fn(&mut Graph, NodeId) -> Result<NodeId>) -> Tensor {
        record(&[self], |graph, x| operation(graph, x[0]))
    }

    /// `e^x`.
    #[track_caller]
    #[must_use]
    pub fn exp(&self) -> Tensor {
        self.unary(crisol_ops::exp)
    }

    /// The natural logarithm.
    #[track_caller]
    #[must_use]
    pub fn log(&self) -> Tensor {
        self.unary(crisol_ops::log)
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

    /// The square root; NaN below 0.
    #[track_caller]
    #[must_use]
    pub fn sqrt(&self) -> Tensor {
        self.unary(crisol_ops::sqrt)
    }

    /// The absolute value, with gradient 0 at 0.
    #[track_caller]
    #[must_use]
    pub fn abs(&self) -> Tensor {
        self.unary(crisol_ops::absolute)
    }

    /// `x * x`.
    #[track_caller]
    #[must_use]
    pub fn square(&self) -> Tensor {
        binary(self, self, crisol_ops::multiply)
    }

    /// `x^exponent` for a whole exponent, by repeated multiplication.
    #[track_caller]
    #[must_use]
    pub fn powi(&self, exponent: i32) -> Tensor {
        record(&[self], |graph, x| crisol_ops::integer_power(graph, x[0], exponent.into()))
    }

    /// The opposite of a truth value.
    #[track_caller]
    #[must_use]
    pub fn logical_not(&self) -> Tensor {
        self.unary(crisol_ops::logical_not)
    }
}

/// Functions of two tensors, which broadcast.
impl Tensor {
    /// The larger of the two; NaN if one is.
    #[track_caller]
    #[must_use]
    pub fn maximum(&self, other: impl Operand) -> Tensor {
        binary(self, &other.to_tensor(self), crisol_ops::maximum)
    }

    /// The smaller of the two; NaN if one is.
    #[track_caller]
    #[must_use]
    pub fn minimum(&self, other: impl Operand) -> Tensor {
        binary(self, &other.to_tensor(self), crisol_ops::minimum)
    }

    /// The numbers, those outside of `[low, high]` replaced by the nearer end.
    #[track_caller]
    #[must_use]
    pub fn clip(&self, low: impl Operand, high: impl Operand) -> Tensor {
        self.maximum(low).minimum(high)
    }

    /// Where the two are equal.
    #[track_caller]
    #[must_use]
    pub fn equal(&self, other: impl Operand) -> Tensor {
        binary(self, &other.to_tensor(self), crisol_ops::equal)
    }

    /// Where the two differ.
    #[track_caller]
    #[must_use]
    pub fn not_equal(&self, other: impl Operand) -> Tensor {
        binary(self, &other.to_tensor(self), crisol_ops::not_equal)
    }

    /// Where this is less than the other.
    #[track_caller]
    #[must_use]
    pub fn less(&self, other: impl Operand) -> Tensor {
        binary(self, &other.to_tensor(self), crisol_ops::less)
    }

    /// Where this is less than or equal to the other.
    #[track_caller]
    #[must_use]
    pub fn less_equal(&self, other: impl Operand) -> Tensor {
        binary(self, &other.to_tensor(self), crisol_ops::less_equal)
    }

    /// Where this is greater than the other.
    #[track_caller]
    #[must_use]
    pub fn greater(&self, other: impl Operand) -> Tensor {
        binary(self, &other.to_tensor(self), crisol_ops::greater)
    }

    /// Where this is greater than or equal to the other.
    #[track_caller]
    #[must_use]
    pub fn greater_equal(&self, other: impl Operand) -> Tensor {
        binary(self, &other.to_tensor(self), crisol_ops::greater_equal)
    }

    /// Where both truth values hold.
    #[track_caller]
    #[must_use]
    pub fn logical_and(&self, other: &Tensor) -> Tensor {
        binary(self, other, crisol_ops::logical_and)
    }

    /// Where at least one truth value holds.
    #[track_caller]
    #[must_use]
    pub fn logical_or(&self, other: &Tensor) -> Tensor {
        binary(self, other, crisol_ops::logical_or)
    }

    /// For a tensor of truth values: `yes` where they hold, `no` elsewhere. At least one of the two is a tensor.
    ///
    /// ```
    /// # use crisol_tensor::Tensor;
    /// let x = Tensor::from_slice(&[-1.0f32, 2.0], [2]);
    /// assert_eq!(x.greater(0.0).select(&x, 0.0).to_vec::<f32>()?, [0.0, 2.0]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn select(&self, yes: impl Operand, no: impl Operand) -> Tensor {
        // A number takes the type of the other branch; a tensor ignores what it is asked for.
        let yes_first = yes.to_tensor(self);
        let no = no.to_tensor(&yes_first);
        let yes = yes.to_tensor(&no);
        record(&[self, &yes, &no], |graph, x| crisol_ops::select(graph, x[0], x[1], x[2]))
    }
}
