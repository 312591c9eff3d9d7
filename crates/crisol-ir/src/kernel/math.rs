//! Transcendental functions as instruction lists, so that compiled and interpreted code agree bit for bit.
//!
//! `f32` functions are written out, with the stated bounds in units in the last place against the true value; `f64` ones call
//! the standard library's. Results below the smallest normal number are 0, and NaN passes.
//!
//! | function | method | source |
//! | --- | --- | --- |
//! | [`exp`] | `2^n * e^r` with `r` in `[-ln 2 / 2, ln 2 / 2]`, a polynomial of degree 7 for `e^r` | reduction by Cody and Waite |
//! | [`log`] | `e ln 2 + ln m` with `m` in `[sqrt 1/2, sqrt 2]`, a polynomial for `ln m` | likewise |
//! | [`tanh`] | `E / (E + 2)` with `E = e^(2 abs x) - 1` from the same reduction | |
//! | [`sigmoid`] | `1 / (1 + e^-x)`: through `tanh` its left tail would be 0 too early | |
//! | [`expm1`] | `2^n (e^r - 1) + (2^n - 1)`, so that nothing cancels near 0 | |
//! | [`log1p`] | as [`log`], with `f = 2^-e x + (2^-e - 1)`, which is what the rounding of `1 + x` would lose | |
//! | [`softplus`] | `max(x, 0) + log1p(e^-abs x)` | |
//! | [`sin`], [`cos`] | the nearest quarter of a turn comes off in three parts; beyond [`LARGEST_ANGLE`] a call in `f64` | Cody and Waite |
//! | [`atan2`], [`atan`], [`asin`], [`acos`] | a polynomial for the quotient of the smaller and the larger coordinate | |
//! | [`power`] | `2^(y log2 x)`, the logarithm and the product to twice the precision | Dekker's products |
//! | [`erf`] | a polynomial near 0; beyond, `1 - e^-q` with a polynomial for `q = -ln(erfc x)` | |
//! | [`widen`], [`narrow`] | halves to `f32` and back, by their bits | |
//! | [`sine_cosine_of_turn`] | an eighth of a turn to either side of the nearest quarter | |

mod erf;
mod half;
mod power;
mod trigonometric;

pub use erf::{ERF_ULPS, erf};
pub use half::{narrow, widen};
pub use power::{POWER_ULPS, power};
pub use trigonometric::{
    ACOS_ULPS, ASIN_ULPS, ATAN_ULPS, COS_ULPS, LARGEST_ANGLE, SIN_ULPS, acos, asin, atan, atan2, cos, sin,
};

use super::{Binary, Builder, Comparison, Function, Register, Type, Unary};

/// The largest error of [`exp`] on `f32`, in units in the last place.
pub const EXP_ULPS: f64 = 1.5;
/// The largest error of [`log`] on `f32`, in units in the last place.
pub const LOG_ULPS: f64 = 1.5;
/// The largest error of [`tanh`] on `f32`, in units in the last place.
pub const TANH_ULPS: f64 = 3.0;
/// The largest error of [`sigmoid`] on `f32`, in units in the last place.
pub const SIGMOID_ULPS: f64 = 3.0;
/// The largest error of [`expm1`] on `f32`, in units in the last place.
pub const EXPM1_ULPS: f64 = 2.0;
/// The largest error of [`log1p`] on `f32`, in units in the last place.
pub const LOG1P_ULPS: f64 = 1.5;
/// The largest error of [`softplus`] on `f32`, in units in the last place.
pub const SOFTPLUS_ULPS: f64 = 3.0;
/// The largest error of [`sine_cosine_of_turn`], in units in the last place.
pub const TURN_ULPS: f64 = 2.0;
/// The largest error of [`normal`], in units in the last place.
pub const NORMAL_ULPS: f64 = 5.0;

/// 1.5 * 2^23: adding it to a number of moderate size rounds that to an integer, which then stands in the lower bits.
const ROUNDER: f32 = 12_582_912.0;
/// The upper bits of ln 2, few enough for their product with an exponent to be exact; and the rest.
const LN_2_HIGH: f32 = 0.693_359_4;
const LN_2_LOW: f32 = -2.121_944_4e-4;

// The polynomials are minimax ones by Remez' exchange, highest coefficient first; the weights make the error relative to the
// function that each is part of.

/// `(e^r - 1 - r) / r^2` for `r` up to `ln 2 / 2` in size, to `2^-32` of `e^r - 1`.
const EXP: [f32; 6] = [0.000_199_142_3, 0.001_394_105, 0.008_333_273, 0.041_666_355, 0.166_666_67, 0.5];
/// `(ln(1 + f) - f + f^2 / 2) / f^3` for `1 + f` from `sqrt 1/2` to `sqrt 2`, to `2^-27` of `ln(1 + f)`.
const LOG: [f32; 8] =
    [-0.076_345_004, 0.127_615_78, -0.131_601_81, 0.142_017_57, -0.166_233_57, 0.200_012_27, -0.250_008_2, 0.333_333_3];
/// `sin(2 pi f) / f - TAU` in `f^2` for `f` up to 1/8 in size, to `2^-28` of the sine. The last coefficient is what the nearest `f32` to
/// `2 pi` lacks.
const SINE: [f32; 4] = [-75.393_56, 81.592_354, -41.341_663, -1.748_455_6e-7];
/// `(cos(2 pi f) - 1) / f^2` in `f^2` for `f` up to 1/8 in size, to `2^-33` of the cosine.
const COSINE: [f32; 4] = [59.229_244, -85.443_24, 64.939_32, -19.739_208];

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

/// `sin(2 pi u)` and `cos(2 pi u)` for `u` in `[0, 1]` (`f32`).
pub fn sine_cosine_of_turn(builder: &mut Builder, u: Register) -> (Register, Register) {
    // The nearest quarter of a turn and what is left, which is exact.
    let four = float(builder, 4.0);
    let rounder = float(builder, ROUNDER);
    let quarters = builder.multiply(u, four);
    let shifted = builder.add(quarters, rounder);
    let whole = builder.subtract(shifted, rounder);
    let minus_quarter = float(builder, -0.25);
    let rest = builder.multiply(whole, minus_quarter);
    let rest = builder.add(u, rest);
    let square = builder.multiply(rest, rest);
    // sin(2 pi f) = 2 pi f + f p(f^2) and cos(2 pi f) = 1 + f^2 q(f^2), for f from -1/8 to 1/8.
    let p = polynomial(builder, square, &SINE);
    let p = builder.multiply(p, rest);
    let turn = float(builder, std::f32::consts::TAU);
    let sine = builder.multiply_add(rest, turn, p);
    let q = polynomial(builder, square, &COSINE);
    let one = float(builder, 1.0);
    let cosine = builder.multiply_add(q, square, one);
    // Odd quarters exchange the two; the sign follows the second bit of the quarter, or of the next one.
    let quarter = builder.reinterpret(shifted, Type::I32);
    let bit = integer(builder, 1);
    let odd = builder.binary(Binary::And, quarter, bit);
    let zero = integer(builder, 0);
    let even = builder.compare(Comparison::Equal, odd, zero);
    let next = builder.add(quarter, bit);
    let mut part = |even_part, odd_part, quarter| {
        let chosen = builder.select(even, even_part, odd_part);
        let two = integer(builder, 2);
        let sign = builder.binary(Binary::And, quarter, two);
        let sign = shift_left(builder, sign, 30);
        let bits = builder.reinterpret(chosen, Type::I32);
        let bits = builder.binary(Binary::Xor, bits, sign);
        builder.reinterpret(bits, Type::F32)
    };
    (part(sine, cosine, quarter), part(cosine, sine, next))
}

/// The ten rounds of Philox4x32-10 on a counter and a key, all `I32`: four random words.
pub fn philox(builder: &mut Builder, counter: [Register; 4], key: [Register; 2]) -> [Register; 4] {
    let [mut c0, mut c1, mut c2, mut c3] = counter;
    let [mut k0, mut k1] = key;
    let multiplier0 = integer(builder, 0xd251_1f53);
    let multiplier1 = integer(builder, 0xcd9e_8d57);
    let step0 = integer(builder, 0x9e37_79b9);
    let step1 = integer(builder, 0xbb67_ae85);
    for round in 0..10 {
        if round > 0 {
            k0 = builder.add(k0, step0);
            k1 = builder.add(k1, step1);
        }
        let high0 = builder.binary(Binary::MultiplyHighUnsigned, c0, multiplier0);
        let low0 = builder.multiply(c0, multiplier0);
        let high1 = builder.binary(Binary::MultiplyHighUnsigned, c2, multiplier1);
        let low1 = builder.multiply(c2, multiplier1);
        let mixed1 = builder.binary(Binary::Xor, high1, c1);
        let mixed0 = builder.binary(Binary::Xor, high0, c3);
        c0 = builder.binary(Binary::Xor, mixed1, k0);
        c1 = low1;
        c2 = builder.binary(Binary::Xor, mixed0, k1);
        c3 = low0;
    }
    [c0, c1, c2, c3]
}

/// A number from `[0, 1)` from the upper 24 bits of the first of four random words.
pub fn uniform(builder: &mut Builder, words: [Register; 4]) -> Register {
    unit(builder, words[0])
}

/// A normally distributed number from the first two of four random words: `sqrt(-2 ln(1 - u)) cos(2 pi v)`.
pub fn normal(builder: &mut Builder, words: [Register; 4]) -> Register {
    let u = unit(builder, words[0]);
    let v = unit(builder, words[1]);
    let one = float(builder, 1.0);
    // Exact, and never 0.
    let rest = builder.subtract(one, u);
    let logarithm = log(builder, rest);
    let minus_two = float(builder, -2.0);
    let square = builder.multiply(logarithm, minus_two);
    let radius = builder.unary(Unary::SquareRoot, square);
    let (_, cosine) = sine_cosine_of_turn(builder, v);
    builder.multiply(radius, cosine)
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

/// `result`, but `x` itself where that is 0, so that -0 stays -0.
fn keep_zero(builder: &mut Builder, x: Register, result: Register) -> Register {
    let zero = builder.constant_like(x, 0.0);
    let is_zero = builder.compare(Comparison::Equal, x, zero);
    builder.select(is_zero, x, result)
}

/// `size` with the sign of `x`; the sign bit of `size` is 0.
fn with_sign_of(builder: &mut Builder, x: Register, size: Register) -> Register {
    let sign = sign_bit(builder, x);
    let bits = builder.reinterpret(size, Type::I32);
    let bits = builder.binary(Binary::Or, bits, sign);
    builder.reinterpret(bits, Type::F32)
}

/// The bits of `x`, all but the sign cleared.
fn sign_bit(builder: &mut Builder, x: Register) -> Register {
    let sign = integer(builder, 0x8000_0000);
    let bits = builder.reinterpret(x, Type::I32);
    builder.binary(Binary::And, bits, sign)
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

/// A polynomial by Horner's rule with fused steps, highest coefficient first.
fn polynomial(builder: &mut Builder, x: Register, coefficients: &[f32]) -> Register {
    let mut result = float(builder, coefficients[0]);
    for &coefficient in &coefficients[1..] {
        let coefficient = float(builder, coefficient);
        result = builder.multiply_add(result, x, coefficient);
    }
    result
}

/// The upper 24 bits of a word, times `2^-24`.
fn unit(builder: &mut Builder, word: Register) -> Register {
    let eight = integer(builder, 8);
    let upper = builder.binary(Binary::ShiftRightUnsigned, word, eight);
    let upper = builder.convert(upper, Type::F32);
    let scale = float(builder, 1.0 / 16_777_216.0);
    builder.multiply(upper, scale)
}

fn shift_left(builder: &mut Builder, x: Register, places: u32) -> Register {
    let places = integer(builder, places);
    builder.binary(Binary::ShiftLeft, x, places)
}

fn float(builder: &mut Builder, number: f32) -> Register {
    builder.bits(Type::F32, u64::from(number.to_bits()))
}

fn integer(builder: &mut Builder, number: u32) -> Register {
    builder.bits(Type::I32, u64::from(number))
}
