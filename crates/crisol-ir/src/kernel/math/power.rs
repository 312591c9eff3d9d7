//! Powers with exponents of any kind: the logarithm is carried in two numbers, as the exponent multiplies its error.

use super::{ROUNDER, float, integer, polynomial, shift_left, sign_bit};
use crate::kernel::{Binary, BinaryFunction, Builder, Comparison, Register, Type, Unary, fused_multiply_add};

/// The largest error of [`power`] on `f32`, in units in the last place.
pub const POWER_ULPS: f64 = 1.5;

/// `(atanh(t) / t - 1) / t^2 - 1/3` over `t^2`, in `t^2`, for `t` up to `(sqrt 2 - 1) / (sqrt 2 + 1)`, to `2^-36` of
/// `atanh(t)`.
const ATANH: [f32; 3] = [0.117_093_38, 0.142_735_66, 0.200_000_76];
/// `(2^r - 1) / r` for `r` up to 1/2 in size, to `2^-28` of `2^r`.
const EXP2: [f32; 6] =
    [0.000_154_763_29, 0.001_340_029_6, 0.009_618_004, 0.055_503_28, 0.240_226_5, std::f32::consts::LN_2];
/// 1/3 cut to single precision, and the rest.
const THIRD: [f32; 2] = [f32::from_bits(0x3eaa_aaaa), f32::from_bits(0x32aa_aaab)];
/// `2 / ln 2` cut to single precision, and the rest.
const TWO_PER_LN_2: [f32; 2] = [f32::from_bits(0x4038_aa3b), f32::from_bits(0x3325_7060)];

/// A number as the unevaluated sum of two: the second is at most half a unit in the last place of the first.
type Pair = (Register, Register);

/// `x^y`, as C defines it: 1 for `y = 0` and for `x = 1` whatever the other is, even NaN; NaN for a finite `x < 0` and
/// a `y` that is no whole number; an odd `y` keeps the sign of `x`, that of zeros and infinities too.
pub fn power(builder: &mut Builder, x: Register, y: Register) -> Register {
    if builder.ty(x) == Type::F64 {
        return builder.call_binary(BinaryFunction::Power, x, y);
    }
    let size = builder.unary(Unary::Absolute, x);
    let (high, low) = log2(builder, size);
    // 0 and infinity have infinite logarithms; NaN passes.
    let infinity = float(builder, f32::INFINITY);
    let finite = builder.compare(Comparison::Less, size, infinity);
    let high = builder.select(finite, high, size);
    let normal = float(builder, f32::MIN_POSITIVE);
    let is_zero = builder.compare(Comparison::Less, size, normal);
    let minus_infinity = float(builder, f32::NEG_INFINITY);
    let high = builder.select(is_zero, minus_infinity, high);
    let (product, error) = product(builder, y, high);
    let error = builder.multiply_add(y, low, error);
    let result = exp2(builder, product, error);
    // Exactly 1 for 1, also where y is infinite or NaN.
    let one = float(builder, 1.0);
    let is_one = builder.compare(Comparison::Equal, size, one);
    let result = builder.select(is_one, one, result);
    let result = signed(builder, x, y, result);
    let zero = float(builder, 0.0);
    let no_factor = builder.compare(Comparison::Equal, y, zero);
    builder.select(no_factor, one, result)
}

/// What the sign of `x` makes of the power of its size.
fn signed(builder: &mut Builder, x: Register, y: Register, size: Register) -> Register {
    let zero = float(builder, 0.0);
    let below = builder.unary(Unary::Floor, y);
    let whole = builder.compare(Comparison::Equal, below, y);
    let half = float(builder, 0.5);
    let half = builder.multiply(y, half);
    let below = builder.unary(Unary::Floor, half);
    let half_is_not_whole = builder.compare(Comparison::NotEqual, below, half);
    let odd = builder.binary(Binary::And, whole, half_is_not_whole);
    let sign = sign_bit(builder, x);
    let none = integer(builder, 0);
    let sign = builder.select(odd, sign, none);
    let bits = builder.reinterpret(size, Type::I32);
    let bits = builder.binary(Binary::Xor, bits, sign);
    let result = builder.reinterpret(bits, Type::F32);
    let minus_infinity = float(builder, f32::NEG_INFINITY);
    let negative = builder.compare(Comparison::Less, x, zero);
    let finite = builder.compare(Comparison::Greater, x, minus_infinity);
    let negative = builder.binary(Binary::And, negative, finite);
    let broken = builder.unary(Unary::Not, whole);
    let undefined = builder.binary(Binary::And, negative, broken);
    let nan = float(builder, f32::NAN);
    builder.select(undefined, nan, result)
}

/// The logarithm of a positive normal number to base 2, to about `2^-33` of it.
fn log2(builder: &mut Builder, x: Register) -> Pair {
    // x = 2^e m with m from sqrt 1/2 to sqrt 2, as in `log`.
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
    // ln m = 2 atanh(t) with t = (m - 1) / (m + 1): the difference is exact, the sum a pair, and so is the quotient.
    let one = float(builder, 1.0);
    let numerator = builder.subtract(m, one);
    let denominator = builder.add(m, one);
    let kept = builder.subtract(denominator, one);
    let lost = builder.subtract(m, kept);
    let reciprocal = builder.divide(one, denominator);
    let t = builder.multiply(numerator, reciprocal);
    let (back, back_error) = product(builder, t, denominator);
    let rest = builder.subtract(numerator, back);
    let rest = builder.subtract(rest, back_error);
    let part = builder.multiply(t, lost);
    let rest = builder.subtract(rest, part);
    let t_low = builder.multiply(rest, reciprocal);
    // atanh(t) = t + t s with s = w (1/3 + w q(w)) and w = t^2.
    let (w, w_error) = product(builder, t, t);
    let twice = builder.add(t, t);
    let w_low = builder.multiply_add(twice, t_low, w_error);
    let q = polynomial(builder, w, &ATANH);
    let q = builder.multiply(w, q);
    let [third, third_low] = THIRD.map(|part| float(builder, part));
    let (p, p_low) = sum(builder, third, q);
    let p_low = builder.add(p_low, third_low);
    let (s, s_error) = product(builder, w, p);
    let s_low = builder.multiply_add(w, p_low, s_error);
    let s_low = builder.multiply_add(w_low, p, s_low);
    let (u, u_error) = product(builder, t, s);
    let u_low = builder.multiply_add(t, s_low, u_error);
    let u_low = builder.multiply_add(t_low, s, u_low);
    let (high, low) = sum(builder, t, u);
    let u_low = builder.add(u_low, t_low);
    let low = builder.add(low, u_low);
    // Times 2 / ln 2, and the exponent.
    let [factor, factor_low] = TWO_PER_LN_2.map(|part| float(builder, part));
    let (g, g_error) = product(builder, high, factor);
    let g_low = builder.multiply_add(high, factor_low, g_error);
    let g_low = builder.multiply_add(low, factor, g_low);
    let (result, result_low) = sum(builder, e, g);
    (result, builder.add(result_low, g_low))
}

/// `2^(x + low)`: 0 where that is below the smallest normal number, infinity where it is too large; NaN passes.
fn exp2(builder: &mut Builder, x: Register, low: Register) -> Register {
    let (lowest, highest) = (float(builder, -150.0), float(builder, 128.25));
    let bounded = builder.binary(Binary::Maximum, lowest, x);
    let bounded = builder.binary(Binary::Minimum, highest, bounded);
    // Infinite products have no error worth the name.
    let one = float(builder, 1.0);
    let size = builder.unary(Unary::Absolute, low);
    let small = builder.compare(Comparison::Less, size, one);
    let zero = float(builder, 0.0);
    let low = builder.select(small, low, zero);
    let rounder = float(builder, ROUNDER);
    let shifted = builder.add(bounded, rounder);
    let n = builder.subtract(shifted, rounder);
    let r = builder.subtract(bounded, n);
    let r = builder.add(r, low);
    let p = polynomial(builder, r, &EXP2);
    let power = builder.multiply_add(p, r, one);
    let bits = builder.reinterpret(power, Type::I32);
    let shifted = builder.reinterpret(shifted, Type::I32);
    let exponent = shift_left(builder, shifted, 23);
    let bits = builder.add(bits, exponent);
    let result = builder.reinterpret(bits, Type::F32);
    let smallest = integer(builder, 0x0080_0000);
    let below = builder.compare(Comparison::Less, bits, smallest);
    let result = builder.select(below, zero, result);
    let infinite = integer(builder, 0x7f80_0000);
    let above = builder.compare(Comparison::GreaterEqual, bits, infinite);
    let infinity = float(builder, f32::INFINITY);
    let result = builder.select(above, infinity, result);
    let number = builder.compare(Comparison::Equal, bounded, bounded);
    builder.select(number, result, bounded)
}

/// `a + b` and what its rounding lost, for `a` at least as large as `b` in size, or 0.
fn sum(builder: &mut Builder, a: Register, b: Register) -> Pair {
    let sum = builder.add(a, b);
    let lost = builder.subtract(a, sum);
    (sum, builder.add(lost, b))
}

/// `a b` and what its rounding lost.
fn product(builder: &mut Builder, a: Register, b: Register) -> Pair {
    product_by(builder, a, b, fused_multiply_add())
}

/// The same, on processors that round a product and a sum once, and on others: there by products of halves, which are
/// exact.
fn product_by(builder: &mut Builder, a: Register, b: Register, fused: bool) -> Pair {
    let product = builder.multiply(a, b);
    let negative = builder.unary(Unary::Negate, product);
    if fused {
        return (product, builder.multiply_add(a, b, negative));
    }
    let mut halves = |x: Register| {
        let upper = integer(builder, 0xffff_f000);
        let bits = builder.reinterpret(x, Type::I32);
        let bits = builder.binary(Binary::And, bits, upper);
        let upper = builder.reinterpret(bits, Type::F32);
        (upper, builder.subtract(x, upper))
    };
    let ((a, a_low), (b, b_low)) = (halves(a), halves(b));
    let mut rest = builder.multiply(a, b);
    rest = builder.add(rest, negative);
    for (x, y) in [(a, b_low), (a_low, b), (a_low, b_low)] {
        let part = builder.multiply(x, y);
        rest = builder.add(rest, part);
    }
    (product, rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DType;
    use crate::kernel::{Access, Role};

    #[test]
    fn products_are_exact_with_and_without_fused_instructions() {
        for fused in [true, false] {
            let mut builder = Builder::new();
            let inputs = [0; 2].map(|_| builder.input(DType::F32, Access::Contiguous));
            let [a, b] = inputs.map(|input| builder.load(input));
            let (high, low) = product_by(&mut builder, a, b, fused && fused_multiply_add());
            builder.output(high, DType::F32, Role::Store(Access::Contiguous));
            builder.output(low, DType::F32, Role::Store(Access::Contiguous));
            let kernel = builder.finish();
            let mut word = 12_345u32;
            for _ in 0..10_000 {
                let [a, b] = [0; 2].map(|_| {
                    word = word.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    f32::from_bits(word >> 9 | 0x3f80_0000) - 1.5
                });
                let parts = kernel.evaluate(&[a, b].map(|x| u64::from(x.to_bits())), 0);
                let [high, low] = [parts[0], parts[1]].map(|bits| f64::from(f32::from_bits(bits as u32)));
                assert_eq!(high + low, f64::from(a) * f64::from(b), "{a} * {b}");
            }
        }
    }
}
