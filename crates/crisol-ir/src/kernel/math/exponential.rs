//! `e^x` and what is made of it: one reduction of the argument, one polynomial.

use super::{LN_2_HIGH, LN_2_LOW, ROUNDER, float, integer, keep_zero, log1p, polynomial, shift_left, with_sign_of};
use crate::kernel::{Binary, Builder, Comparison, Function, Register, Type, Unary};

/// `(e^r - 1 - r) / r^2` for `r` up to `ln 2 / 2` in size, to `2^-32` of `e^r - 1`.
const EXP: [f32; 6] = [0.000_199_142_3, 0.001_394_105, 0.008_333_273, 0.041_666_355, 0.166_666_67, 0.5];

/// `e^x`.
pub fn exp(builder: &mut Builder, x: Register) -> Register {
    if builder.ty(x) == Type::F64 {
        return builder.call(Function::Exp, x);
    }
    let (shifted, r) = reduce(builder, x);
    let tail = exp_tail(builder, r);
    let one = float(builder, 1.0);
    let power = builder.add(tail, one);
    // Adding n to the exponent, and not multiplying by 2^n, reaches 2^128 times a number below 1.
    let bits = builder.reinterpret(power, Type::I32);
    let exponent = shift_left(builder, shifted, 23);
    let bits = builder.add(bits, exponent);
    let power = builder.reinterpret(bits, Type::F32);
    // The first bound is the largest x with a finite result; above it x + infinity is that, and NaN for NaN.
    let largest = float(builder, f32::from_bits(0x42b1_7217));
    let infinity = float(builder, f32::INFINITY);
    let beyond = builder.add(x, infinity);
    let inside = builder.compare(Comparison::LessEqual, x, largest);
    let power = builder.select(inside, power, beyond);
    // The second is the smallest x with a normal result.
    let smallest = float(builder, f32::from_bits(0xc2ae_ac4f));
    let below = builder.compare(Comparison::Less, x, smallest);
    let zero = float(builder, 0.0);
    builder.select(below, zero, power)
}

/// `e^x - 1`, exact in relative terms near 0 too.
pub fn expm1(builder: &mut Builder, x: Register) -> Register {
    if builder.ty(x) == Type::F64 {
        return builder.call(Function::Expm1, x);
    }
    // Below -18 the result is -1, from 89 on it is infinity. NaN passes both.
    let (lowest, highest) = (float(builder, -18.0), float(builder, 89.0));
    let inside = builder.binary(Binary::Maximum, lowest, x);
    let inside = builder.binary(Binary::Minimum, highest, inside);
    let (shifted, r) = reduce(builder, inside);
    // Half of 2^n (e^r - 1) + (2^n - 1): 2^n itself may be too large by one power of two.
    let tail = exp_tail(builder, r);
    let exponent = shift_left(builder, shifted, 23);
    let half_bits = integer(builder, 0x3f00_0000);
    let scale = builder.add(exponent, half_bits);
    let scale = builder.reinterpret(scale, Type::F32);
    let half = float(builder, 0.5);
    let rest = builder.subtract(scale, half);
    let growth = builder.multiply_add(scale, tail, rest);
    let result = builder.add(growth, growth);
    keep_zero(builder, x, result)
}

/// `ln(1 + e^x)` without overflow.
pub fn softplus(builder: &mut Builder, x: Register) -> Register {
    let zero = builder.constant_like(x, 0.0);
    // Maximum gives its second operand where that is NaN.
    let linear = builder.binary(Binary::Maximum, zero, x);
    let size = builder.unary(Unary::Absolute, x);
    let negative = builder.unary(Unary::Negate, size);
    let power = exp(builder, negative);
    let rest = log1p(builder, power);
    builder.add(linear, rest)
}

/// The hyperbolic tangent.
pub fn tanh(builder: &mut Builder, x: Register) -> Register {
    if builder.ty(x) == Type::F64 {
        return builder.call(Function::Tanh, x);
    }
    // From 9.1 on the result is 1 in single precision. Minimum gives its second operand, NaN, where that is one.
    let size = builder.unary(Unary::Absolute, x);
    let enough = float(builder, 9.1);
    let size = builder.binary(Binary::Minimum, enough, size);
    let twice = builder.add(size, size);
    let (shifted, r) = reduce(builder, twice);
    // e^(2 size) - 1 = 2^n (e^r - 1) + (2^n - 1), exact in relative terms also where n = 0.
    let tail = exp_tail(builder, r);
    let exponent = shift_left(builder, shifted, 23);
    let one_bits = integer(builder, 0x3f80_0000);
    let scale = builder.add(exponent, one_bits);
    let scale = builder.reinterpret(scale, Type::F32);
    let one = float(builder, 1.0);
    let rest = builder.subtract(scale, one);
    let growth = builder.multiply_add(scale, tail, rest);
    let two = float(builder, 2.0);
    let denominator = builder.add(growth, two);
    let result = builder.divide(growth, denominator);
    with_sign_of(builder, x, result)
}

/// `1 / (1 + e^-x)`.
pub fn sigmoid(builder: &mut Builder, x: Register) -> Register {
    let one = builder.constant_like(x, 1.0);
    let negative = builder.unary(Unary::Negate, x);
    let power = exp(builder, negative);
    let denominator = builder.add(one, power);
    builder.divide(one, denominator)
}

/// `x = n ln 2 + r` with `r` at most `ln 2 / 2` in size: `n` in the lower bits of an integer, and `r`.
fn reduce(builder: &mut Builder, x: Register) -> (Register, Register) {
    let per_ln_2 = float(builder, std::f32::consts::LOG2_E);
    let rounder = float(builder, ROUNDER);
    let shifted = builder.multiply_add(x, per_ln_2, rounder);
    let n = builder.subtract(shifted, rounder);
    let high = float(builder, -LN_2_HIGH);
    let low = float(builder, -LN_2_LOW);
    let r = builder.multiply_add(n, high, x);
    let r = builder.multiply_add(n, low, r);
    (builder.reinterpret(shifted, Type::I32), r)
}

/// `e^r - 1 = r + r^2 p(r)` for `r` from `-ln 2 / 2` to `ln 2 / 2`.
fn exp_tail(builder: &mut Builder, r: Register) -> Register {
    let p = polynomial(builder, r, &EXP);
    let square = builder.multiply(r, r);
    builder.multiply_add(p, square, r)
}
