//! `ln(x)` and `ln(1 + x)`: the exponent comes off by bits, one polynomial for the rest.

use super::{LN_2_HIGH, LN_2_LOW, float, integer, keep_zero, polynomial};
use crate::kernel::{Binary, Builder, Comparison, Function, Register, Type};

/// `(ln(1 + f) - f + f^2 / 2) / f^3` for `1 + f` from `sqrt 1/2` to `sqrt 2`, to `2^-27` of `ln(1 + f)`.
const LOG: [f32; 8] =
    [-0.076_345_004, 0.127_615_78, -0.131_601_81, 0.142_017_57, -0.166_233_57, 0.200_012_27, -0.250_008_2, 0.333_333_3];

/// `ln(x)`: minus infinity at 0 and for subnormal numbers, NaN below.
pub fn log(builder: &mut Builder, x: Register) -> Register {
    if builder.ty(x) == Type::F64 {
        return builder.call(Function::Log, x);
    }
    // x = 2^e * (1 + f) with 1 + f from sqrt 1/2 to sqrt 2: the exponent is counted from the bits of sqrt 1/2.
    let half_root = integer(builder, 0x3f35_04f3);
    let bits = builder.reinterpret(x, Type::I32);
    let offset = builder.subtract(bits, half_root);
    let places = integer(builder, 23);
    let e = builder.binary(Binary::ShiftRightSigned, offset, places);
    let e = builder.convert(e, Type::F32);
    let mantissa = integer(builder, 0x007f_ffff);
    let m = builder.binary(Binary::And, offset, mantissa);
    let m = builder.add(m, half_root);
    let m = builder.reinterpret(m, Type::F32);
    let one = float(builder, 1.0);
    let f = builder.subtract(m, one);
    let result = log_sum(builder, e, f);
    // Infinity and NaN stay themselves.
    let infinity = float(builder, f32::INFINITY);
    let finite = builder.compare(Comparison::Less, x, infinity);
    let result = builder.select(finite, result, x);
    let normal = float(builder, f32::MIN_POSITIVE);
    let minus_normal = float(builder, -f32::MIN_POSITIVE);
    let minus_infinity = float(builder, f32::NEG_INFINITY);
    let nan = float(builder, f32::NAN);
    let negative = builder.compare(Comparison::LessEqual, x, minus_normal);
    let outside = builder.select(negative, nan, minus_infinity);
    let small = builder.compare(Comparison::Less, x, normal);
    builder.select(small, outside, result)
}

/// `ln(1 + x)`, exact in relative terms near 0 too: minus infinity at -1, NaN below.
pub fn log1p(builder: &mut Builder, x: Register) -> Register {
    if builder.ty(x) == Type::F64 {
        return builder.call(Function::Log1p, x);
    }
    let one = float(builder, 1.0);
    let sum = builder.add(one, x);
    // 1 + x = 2^e * (1 + f), as in `log`.
    let half_root = integer(builder, 0x3f35_04f3);
    let bits = builder.reinterpret(sum, Type::I32);
    let offset = builder.subtract(bits, half_root);
    let places = integer(builder, 23);
    let e = builder.binary(Binary::ShiftRightSigned, offset, places);
    let e = builder.convert(e, Type::F32);
    // f from x itself, by 2^-e, where 1 + x has lost some of it.
    let exponent = integer(builder, 0xff80_0000);
    let exponent = builder.binary(Binary::And, offset, exponent);
    let one_bits = integer(builder, 0x3f80_0000);
    let scale = builder.subtract(one_bits, exponent);
    let scale = builder.reinterpret(scale, Type::F32);
    let rest = builder.subtract(scale, one);
    let near = builder.multiply_add(scale, x, rest);
    let mantissa = integer(builder, 0x007f_ffff);
    let m = builder.binary(Binary::And, offset, mantissa);
    let m = builder.add(m, half_root);
    let m = builder.reinterpret(m, Type::F32);
    let far = builder.subtract(m, one);
    let large = float(builder, 16_777_216.0);
    let is_near = builder.compare(Comparison::Less, x, large);
    let f = builder.select(is_near, near, far);
    let result = log_sum(builder, e, f);
    // Infinity and NaN stay themselves.
    let infinity = float(builder, f32::INFINITY);
    let finite = builder.compare(Comparison::Less, x, infinity);
    let result = builder.select(finite, result, x);
    let minus_one = float(builder, -1.0);
    let minus_infinity = float(builder, f32::NEG_INFINITY);
    let nan = float(builder, f32::NAN);
    let below = builder.compare(Comparison::Less, x, minus_one);
    let outside = builder.select(below, nan, minus_infinity);
    let not_above = builder.compare(Comparison::LessEqual, x, minus_one);
    let result = builder.select(not_above, outside, result);
    keep_zero(builder, x, result)
}

/// `e ln 2 + ln(1 + f)` with `ln(1 + f) = f - f^2 / 2 + f^3 p(f)`, the parts added smallest first.
fn log_sum(builder: &mut Builder, e: Register, f: Register) -> Register {
    let square = builder.multiply(f, f);
    let p = polynomial(builder, f, &LOG);
    let cube = builder.multiply(square, f);
    let tail = builder.multiply(cube, p);
    let low = float(builder, LN_2_LOW);
    let tail = builder.multiply_add(e, low, tail);
    let minus_half = float(builder, -0.5);
    let tail = builder.multiply_add(square, minus_half, tail);
    let sum = builder.add(f, tail);
    let high = float(builder, LN_2_HIGH);
    builder.multiply_add(e, high, sum)
}
