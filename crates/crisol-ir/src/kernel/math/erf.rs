//! The error function.

use super::{exp, float, polynomial, with_sign_of};
use crate::kernel::{Binary, Builder, Comparison, Function, Register, Type, Unary};

/// The largest error of [`erf`] on `f32`, in units in the last place.
pub const ERF_ULPS: f64 = 2.0;

/// Where the polynomial near 0 ends.
const NEAR: f32 = 0.925;
/// `erf(x) / x - 1` in `x^2` for `x` up to [`NEAR`], to `2^-25` of `erf(x) / x`.
const INNER: [f32; 6] = [-0.000_597_447_7, 0.004_990_001, -0.026_764_477, 0.112_817_58, -0.376_124_9, 0.128_379_15];
/// `-ln(erfc(x))` for `x` from [`NEAR`] to 4, to `2^-29` of what it makes of `erf(x)`.
const OUTER: [f32; 7] =
    [-0.000_195_466_24, 0.003_038_594_5, -0.022_208_48, 0.103_893_31, 0.637_225_9, 1.127_649_7, 0.000_201_962_57];

/// The error function: `2 / sqrt(pi)` times the integral of `e^(-t^2)` from 0 to `x`.
pub fn erf(builder: &mut Builder, x: Register) -> Register {
    if builder.ty(x) == Type::F64 {
        return builder.call(Function::Erf, x);
    }
    let square = builder.multiply(x, x);
    let inner = polynomial(builder, square, &INNER);
    let inner = builder.multiply_add(x, inner, x);
    // From 4 on the result is 1. Minimum gives its second operand, NaN, where that is one.
    let size = builder.unary(Unary::Absolute, x);
    let enough = float(builder, 4.0);
    let bounded = builder.binary(Binary::Minimum, enough, size);
    let logarithm = polynomial(builder, bounded, &OUTER);
    let logarithm = builder.unary(Unary::Negate, logarithm);
    let rest = exp(builder, logarithm);
    let one = float(builder, 1.0);
    let outer = builder.subtract(one, rest);
    let outer = with_sign_of(builder, x, outer);
    let near = float(builder, NEAR);
    let is_near = builder.compare(Comparison::Less, size, near);
    builder.select(is_near, inner, outer)
}
