//! Elementwise methods on truth values and bits: comparisons, tests, logic, choices, shifts.

use crate::operand::Operand;
use crate::operators::binary;
use crate::recorder::record;
use crate::tensor::Tensor;

/// Comparisons of two tensors, which broadcast; false with NaN, but `not_equal`, which is true.
impl Tensor {
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
}

/// Tests of numbers.
impl Tensor {
    /// Where a number is NaN.
    ///
    /// ```
    /// # use crisol_tensor::Tensor;
    /// let x = Tensor::from_slice(&[0.0f32, f32::NAN], [2]);
    /// assert_eq!(x.is_nan().to_vec::<bool>()?, [false, true]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[doc(alias = "isnan")]
    #[track_caller]
    #[must_use]
    pub fn is_nan(&self) -> Tensor {
        self.unary(crisol_ops::is_nan)
    }

    /// Where a number is infinite, of either sign.
    ///
    /// ```
    /// # use crisol_tensor::Tensor;
    /// let x = Tensor::from_slice(&[0.0f32, f32::NEG_INFINITY], [2]);
    /// assert_eq!(x.is_inf().to_vec::<bool>()?, [false, true]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[doc(alias = "isinf")]
    #[track_caller]
    #[must_use]
    pub fn is_inf(&self) -> Tensor {
        self.unary(crisol_ops::is_infinite)
    }

    /// Where a number is neither infinite nor NaN.
    ///
    /// ```
    /// # use crisol_tensor::Tensor;
    /// let x = Tensor::from_slice(&[0.0f32, f32::NAN], [2]);
    /// assert_eq!(x.is_finite().to_vec::<bool>()?, [true, false]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[doc(alias = "isfinite")]
    #[track_caller]
    #[must_use]
    pub fn is_finite(&self) -> Tensor {
        self.unary(crisol_ops::is_finite)
    }
}

/// Logic of truth values, and choices by them.
impl Tensor {
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

    /// Where exactly one of the two truth values holds.
    #[track_caller]
    #[must_use]
    pub fn logical_xor(&self, other: &Tensor) -> Tensor {
        binary(self, other, crisol_ops::logical_xor)
    }

    /// The opposite of a truth value.
    #[track_caller]
    #[must_use]
    pub fn logical_not(&self) -> Tensor {
        self.unary(crisol_ops::logical_not)
    }

    /// For a tensor of truth values: `yes` where they hold, `no` elsewhere. At least one of the two is a tensor.
    ///
    /// ```
    /// # use crisol_tensor::Tensor;
    /// let x = Tensor::from_slice(&[-1.0f32, 2.0], [2]);
    /// assert_eq!(x.greater(0.0).select(&x, 0.0).to_vec::<f32>()?, [0.0, 2.0]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[doc(alias = "where")]
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

/// Bits of integers (`int32`, `int64`, `uint8`).
impl Tensor {
    /// The bits that both integers have.
    ///
    /// ```
    /// # use crisol_tensor::Tensor;
    /// let x = Tensor::from_slice(&[6i32, -1], [2]);
    /// assert_eq!(x.bitwise_and(3).to_vec::<i32>()?, [2, 3]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn bitwise_and(&self, other: impl Operand) -> Tensor {
        binary(self, &other.to_tensor(self), crisol_ops::bitwise_and)
    }

    /// The bits that either integer has.
    ///
    /// ```
    /// # use crisol_tensor::Tensor;
    /// let x = Tensor::from_slice(&[6i32, 0], [2]);
    /// assert_eq!(x.bitwise_or(3).to_vec::<i32>()?, [7, 3]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn bitwise_or(&self, other: impl Operand) -> Tensor {
        binary(self, &other.to_tensor(self), crisol_ops::bitwise_or)
    }

    /// The bits that exactly one of the two integers has.
    ///
    /// ```
    /// # use crisol_tensor::Tensor;
    /// let x = Tensor::from_slice(&[6i32, 0], [2]);
    /// assert_eq!(x.bitwise_xor(3).to_vec::<i32>()?, [5, 3]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn bitwise_xor(&self, other: impl Operand) -> Tensor {
        binary(self, &other.to_tensor(self), crisol_ops::bitwise_xor)
    }

    /// All bits of an integer flipped.
    ///
    /// ```
    /// # use crisol_tensor::Tensor;
    /// let x = Tensor::from_slice(&[0u8, 200], [2]);
    /// assert_eq!(x.bitwise_not().to_vec::<u8>()?, [255, 55]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[doc(alias = "bitwise_invert")]
    #[track_caller]
    #[must_use]
    pub fn bitwise_not(&self) -> Tensor {
        self.unary(crisol_ops::bitwise_not)
    }

    /// The bits moved up by a count; 0 for counts below 0 or of the width and more.
    ///
    /// ```
    /// # use crisol_tensor::Tensor;
    /// let x = Tensor::from_slice(&[1i32, 5], [2]);
    /// assert_eq!(x.left_shift(4).to_vec::<i32>()?, [16, 80]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[doc(alias = "bitwise_left_shift")]
    #[track_caller]
    #[must_use]
    pub fn left_shift(&self, count: impl Operand) -> Tensor {
        binary(self, &count.to_tensor(self), crisol_ops::left_shift)
    }

    /// The bits moved down by a count, keeping the sign: `floor(x / 2^count)`.
    ///
    /// ```
    /// # use crisol_tensor::Tensor;
    /// let x = Tensor::from_slice(&[80i32, -1], [2]);
    /// assert_eq!(x.right_shift(4).to_vec::<i32>()?, [5, -1]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[doc(alias = "bitwise_right_shift")]
    #[track_caller]
    #[must_use]
    pub fn right_shift(&self, count: impl Operand) -> Tensor {
        binary(self, &count.to_tensor(self), crisol_ops::right_shift)
    }
}
