//! Operators between expressions, and between expressions and numbers.

use super::{Body, Expression, Float, Logical, Number};
use crisol_ir::Element;
use crisol_ir::kernel::{Binary, Register, Unary};
use std::ops::{Add, BitAnd, BitOr, BitXor, Div, Mul, Neg, Not, Sub};

/// What stands beside an expression: another one, or a number.
pub trait Term<'k, T> {
    #[doc(hidden)]
    fn register(self, body: &'k Body<'k>) -> Register;
}

impl<'k, T: Element> Term<'k, T> for Expression<'k, T> {
    fn register(self, _: &'k Body<'k>) -> Register {
        self.register
    }
}

impl<'k, T: Number> Term<'k, T> for T {
    fn register(self, body: &'k Body<'k>) -> Register {
        body.constant(self).register
    }
}

/// An operator with an expression or a number on the right.
macro_rules! operator {
    ($bound:ident, $trait:ident, $method:ident, $instruction:expr) => {
        impl<'k, T: $bound, X: Term<'k, T>> $trait<X> for Expression<'k, T> {
            type Output = Self;

            fn $method(self, other: X) -> Self {
                let other = other.register(self.body);
                self.then(|builder, x| builder.binary($instruction, x, other))
            }
        }
    };
}

operator!(Number, Add, add, Binary::Add);
operator!(Number, Sub, sub, Binary::Subtract);
operator!(Number, Mul, mul, Binary::Multiply);
operator!(Float, Div, div, Binary::Divide);
operator!(Logical, BitAnd, bitand, Binary::And);
operator!(Logical, BitOr, bitor, Binary::Or);
operator!(Logical, BitXor, bitxor, Binary::Xor);

/// Operators with a number on the left.
macro_rules! number_on_the_left {
    ($trait:ident, $method:ident, $($number:ty),*) => {$(
        impl<'k> $trait<Expression<'k, $number>> for $number {
            type Output = Expression<'k, $number>;

            fn $method(self, x: Expression<'k, $number>) -> Expression<'k, $number> {
                $trait::$method(x.body.constant(self), x)
            }
        }
    )*};
}

number_on_the_left!(Add, add, i32, i64, f32, f64);
number_on_the_left!(Sub, sub, i32, i64, f32, f64);
number_on_the_left!(Mul, mul, i32, i64, f32, f64);
number_on_the_left!(Div, div, f32, f64);

impl<T: Number> Neg for Expression<'_, T> {
    type Output = Self;

    fn neg(self) -> Self {
        self.then(|builder, x| builder.unary(Unary::Negate, x))
    }
}

impl<T: Logical> Not for Expression<'_, T> {
    type Output = Self;

    fn not(self) -> Self {
        self.then(|builder, x| builder.unary(Unary::Not, x))
    }
}
