//! Functions of expressions.

use super::{Expression, Float, Number, Term};
use crisol_ir::kernel::{Binary, Unary, math};

impl<'k, T: Number> Expression<'k, T> {
    /// The smaller of two; `other` where one is NaN.
    pub fn minimum(self, other: impl Term<'k, T>) -> Self {
        let other = other.register(self.body);
        self.then(|builder, x| builder.binary(Binary::Minimum, x, other))
    }

    /// The larger of two; `other` where one is NaN.
    pub fn maximum(self, other: impl Term<'k, T>) -> Self {
        let other = other.register(self.body);
        self.then(|builder, x| builder.binary(Binary::Maximum, x, other))
    }

    /// `x * x`.
    pub fn square(self) -> Self {
        self * self
    }
}

impl<'k, T: Float> Expression<'k, T> {
    /// `self * b + c`, rounded once where the processor can.
    pub fn multiply_add(self, b: impl Term<'k, T>, c: impl Term<'k, T>) -> Self {
        let (b, c) = (b.register(self.body), c.register(self.body));
        self.then(|builder, a| builder.multiply_add(a, b, c))
    }
}

/// Functions of one expression.
macro_rules! functions {
    ($($(#[$doc:meta])* $name:ident: $function:expr;)*) => {$(
        $(#[$doc])*
        pub fn $name<T: Float>(x: Expression<'_, T>) -> Expression<'_, T> {
            x.then($function)
        }
    )*};
}

functions! {
    /// `e^x`; see [`math::exp`] for its accuracy, as for the others.
    exp: math::exp;
    /// The natural logarithm.
    log: math::log;
    /// The hyperbolic tangent.
    tanh: math::tanh;
    /// `1 / (1 + e^-x)`.
    sigmoid: math::sigmoid;
    /// The square root.
    sqrt: |builder, x| builder.unary(Unary::SquareRoot, x);
    /// The number without its sign.
    abs: |builder, x| builder.unary(Unary::Absolute, x);
    /// The largest integer that is not larger.
    floor: |builder, x| builder.unary(Unary::Floor, x);
    /// The smallest integer that is not smaller.
    ceil: |builder, x| builder.unary(Unary::Ceil, x);
    /// The nearest integer, ties to even.
    round: |builder, x| builder.unary(Unary::Round, x);
}
