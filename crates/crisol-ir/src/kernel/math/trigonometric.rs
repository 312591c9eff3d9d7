//! Sine, cosine and the inverse functions.

use super::{ROUNDER, float, integer, polynomial, shift_left, sign_bit, with_sign_of};
use crate::kernel::{Binary, BinaryFunction, Builder, Comparison, Function, Register, Type, Unary, fused_multiply_add};

/// The largest error of [`sin`] on `f32`, in units in the last place.
pub const SIN_ULPS: f64 = 2.0;
/// The largest error of [`cos`] on `f32`, in units in the last place.
pub const COS_ULPS: f64 = 2.0;
/// The largest error of [`atan`] and [`atan2`] on `f32`, in units in the last place.
pub const ATAN_ULPS: f64 = 2.0;
/// The largest error of [`asin`] on `f32`, in units in the last place.
pub const ASIN_ULPS: f64 = 3.0;
/// The largest error of [`acos`] on `f32`, in units in the last place.
pub const ACOS_ULPS: f64 = 3.0;

/// Angles beyond which [`sin`] and [`cos`] of `f32` are computed one by one in double precision. Without fused
/// instructions the parts of a quarter have to be shorter, and the bound is 6000.
pub const LARGEST_ANGLE: f32 = 100_000.0;
const LARGEST_ANGLE_UNFUSED: f32 = 6_000.0;

/// `2 / pi`.
const QUARTERS: f32 = std::f32::consts::FRAC_2_PI;
/// `pi / 2` in parts whose products with the count of quarters are exact, or rounded once with what they are subtracted
/// from.
const QUARTER: [f32; 3] = [f32::from_bits(0x3fc9_0fda), f32::from_bits(0x33a2_2168), f32::from_bits(0x27c2_34c5)];
/// The same in parts of 12 bits.
const QUARTER_UNFUSED: [f32; 5] = [
    f32::from_bits(0x3fc9_0000),
    f32::from_bits(0x39fd_a000),
    f32::from_bits(0x33a2_2000),
    f32::from_bits(0x2c34_6000),
    f32::from_bits(0x248d_3132),
];

/// `(sin(r) - r) / r^3` in `r^2` for `r` up to `pi / 4` in size, to `2^-28` of the sine.
const SINE: [f32; 3] = [-0.000_195_166_56, 0.008_332_173, -0.166_666_55];
/// `(cos(r) - 1 + r^2 / 2) / r^4` in `r^2` for `r` up to `pi / 4` in size, to `2^-33`.
const COSINE: [f32; 3] = [2.443_773_2e-5, -0.001_388_736_2, 0.041_666_646];
/// `(atan(t) - t) / t^3` in `t^2` for `t` up to 1, to `2^-28` of `atan(t)`.
const ATAN: [f32; 9] = [
    -0.001_793_635_5,
    0.010_914_672,
    -0.031_177_979,
    0.057_957_74,
    -0.084_034_59,
    0.109_521_89,
    -0.142_642_42,
    0.199_985_49,
    -0.333_333,
];
/// What the nearest `f32` to `pi` lacks; half of it is what the nearest to `pi / 2` lacks.
const PI_LOW: f32 = -8.742_278e-8;

/// The sine of an angle in radians; NaN for infinities.
pub fn sin(builder: &mut Builder, x: Register) -> Register {
    if builder.ty(x) == Type::F64 {
        return builder.call(Function::Sin, x);
    }
    let parts = quarters(builder, x);
    let sign = sign_bit(builder, x);
    let result = in_quarter(builder, (parts.even, parts.sine, parts.cosine), parts.quarter, sign);
    builder.call_where(Function::Sin, parts.large, x, result)
}

/// The cosine of an angle in radians; NaN for infinities.
pub fn cos(builder: &mut Builder, x: Register) -> Register {
    if builder.ty(x) == Type::F64 {
        return builder.call(Function::Cos, x);
    }
    let parts = quarters(builder, x);
    let (one, none) = (integer(builder, 1), integer(builder, 0));
    let next = builder.add(parts.quarter, one);
    let result = in_quarter(builder, (parts.even, parts.cosine, parts.sine), next, none);
    builder.call_where(Function::Cos, parts.large, x, result)
}

/// The size of an angle as quarters of a turn and the sine and cosine of the rest.
struct Quarters {
    quarter: Register,
    even: Register,
    sine: Register,
    cosine: Register,
    /// Whether the angle is too large for all this.
    large: Register,
}

fn quarters(builder: &mut Builder, x: Register) -> Quarters {
    let (parts, largest): (&[f32], f32) = match fused_multiply_add() {
        true => (&QUARTER, LARGEST_ANGLE),
        false => (&QUARTER_UNFUSED, LARGEST_ANGLE_UNFUSED),
    };
    let size = builder.unary(Unary::Absolute, x);
    let per_angle = float(builder, QUARTERS);
    let rounder = float(builder, ROUNDER);
    let shifted = builder.multiply_add(size, per_angle, rounder);
    let count = builder.subtract(shifted, rounder);
    let mut r = size;
    for part in parts {
        let part = float(builder, -part);
        r = builder.multiply_add(count, part, r);
    }
    let square = builder.multiply(r, r);
    // sin r = r + r^3 p(r^2) and cos r = 1 - r^2 / 2 + r^4 q(r^2), for r from -pi/4 to pi/4.
    let p = polynomial(builder, square, &SINE);
    let cube = builder.multiply(square, r);
    let sine = builder.multiply_add(p, cube, r);
    let q = polynomial(builder, square, &COSINE);
    let (one, minus_half) = (float(builder, 1.0), float(builder, -0.5));
    let start = builder.multiply_add(square, minus_half, one);
    let fourth = builder.multiply(square, square);
    let cosine = builder.multiply_add(q, fourth, start);
    let quarter = builder.reinterpret(shifted, Type::I32);
    let (bit, none) = (integer(builder, 1), integer(builder, 0));
    let odd = builder.binary(Binary::And, quarter, bit);
    let even = builder.compare(Comparison::Equal, odd, none);
    let largest = float(builder, largest);
    let large = builder.compare(Comparison::Greater, size, largest);
    Quarters { quarter, even, sine, cosine, large }
}

/// Odd quarters exchange sine and cosine; the second bit of the quarter flips the sign.
fn in_quarter(
    builder: &mut Builder,
    (even, even_part, odd_part): (Register, Register, Register),
    quarter: Register,
    sign: Register,
) -> Register {
    let chosen = builder.select(even, even_part, odd_part);
    let two = integer(builder, 2);
    let flip = builder.binary(Binary::And, quarter, two);
    let flip = shift_left(builder, flip, 30);
    let flip = builder.binary(Binary::Xor, flip, sign);
    let bits = builder.reinterpret(chosen, Type::I32);
    let bits = builder.binary(Binary::Xor, bits, flip);
    builder.reinterpret(bits, Type::F32)
}

/// The angle from `-pi` to `pi` of the point `(x, y)`. Zeros and infinities count as limits, with their signs, as in C.
pub fn atan2(builder: &mut Builder, y: Register, x: Register) -> Register {
    if builder.ty(x) == Type::F64 {
        return builder.call_binary(BinaryFunction::Atan2, y, x);
    }
    let (width, height) = (builder.unary(Unary::Absolute, x), builder.unary(Unary::Absolute, y));
    let steep = builder.compare(Comparison::Greater, height, width);
    let smaller = builder.select(steep, width, height);
    let larger = builder.select(steep, height, width);
    // Two zeros make 0, two infinities 1.
    let (zero, one) = (float(builder, 0.0), float(builder, 1.0));
    let quotient = builder.divide(smaller, larger);
    let is_zero = builder.compare(Comparison::Equal, larger, zero);
    let diagonal = builder.select(is_zero, zero, one);
    let equal = builder.compare(Comparison::Equal, smaller, larger);
    let t = builder.select(equal, diagonal, quotient);
    let square = builder.multiply(t, t);
    let p = polynomial(builder, square, &ATAN);
    let cube = builder.multiply(square, t);
    let angle = builder.multiply_add(p, cube, t);
    // Steep ones are taken from a quarter of a turn, those to the left from a half.
    let upright = from(builder, std::f32::consts::FRAC_PI_2, PI_LOW / 2.0, angle);
    let angle = builder.select(steep, upright, angle);
    let left = from(builder, std::f32::consts::PI, PI_LOW, angle);
    let bits = builder.reinterpret(x, Type::I32);
    let none = integer(builder, 0);
    let is_left = builder.compare(Comparison::Less, bits, none);
    let angle = builder.select(is_left, left, angle);
    with_sign_of(builder, y, angle)
}

/// A limit, given in two parts, minus an angle.
fn from(builder: &mut Builder, limit: f32, low: f32, angle: Register) -> Register {
    let (limit, low) = (float(builder, limit), float(builder, low));
    let angle = builder.subtract(angle, low);
    builder.subtract(limit, angle)
}

/// The angle from `-pi/2` to `pi/2` whose tangent is `x`.
pub fn atan(builder: &mut Builder, x: Register) -> Register {
    let one = builder.constant_like(x, 1.0);
    atan2(builder, x, one)
}

/// The angle from `-pi/2` to `pi/2` whose sine is `x`; NaN beyond 1.
pub fn asin(builder: &mut Builder, x: Register) -> Register {
    if builder.ty(x) == Type::F64 {
        return builder.call(Function::Asin, x);
    }
    let cosine = other_leg(builder, x);
    atan2(builder, x, cosine)
}

/// The angle from 0 to `pi` whose cosine is `x`; NaN beyond 1.
pub fn acos(builder: &mut Builder, x: Register) -> Register {
    if builder.ty(x) == Type::F64 {
        return builder.call(Function::Acos, x);
    }
    let sine = other_leg(builder, x);
    atan2(builder, sine, x)
}

/// `sqrt(1 - x^2)`, as a product that loses nothing near 1.
fn other_leg(builder: &mut Builder, x: Register) -> Register {
    let one = float(builder, 1.0);
    let (below, above) = (builder.subtract(one, x), builder.add(one, x));
    let square = builder.multiply(below, above);
    builder.unary(Unary::SquareRoot, square)
}
