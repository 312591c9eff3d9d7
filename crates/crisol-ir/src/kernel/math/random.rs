//! Random words, and the numbers made of them.

use super::{ROUNDER, float, integer, log, polynomial, shift_left};
use crate::kernel::{Binary, Builder, Comparison, Register, Type, Unary};

/// `sin(2 pi f) / f - TAU` in `f^2` for `f` up to 1/8 in size, to `2^-28` of the sine. The last coefficient is what the nearest `f32` to
/// `2 pi` lacks.
const SINE: [f32; 4] = [-75.393_56, 81.592_354, -41.341_663, -1.748_455_6e-7];
/// `(cos(2 pi f) - 1) / f^2` in `f^2` for `f` up to 1/8 in size, to `2^-33` of the cosine.
const COSINE: [f32; 4] = [59.229_244, -85.443_24, 64.939_32, -19.739_208];

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

/// The upper 24 bits of a word, times `2^-24`.
fn unit(builder: &mut Builder, word: Register) -> Register {
    let eight = integer(builder, 8);
    let upper = builder.binary(Binary::ShiftRightUnsigned, word, eight);
    let upper = builder.convert(upper, Type::F32);
    let scale = float(builder, 1.0 / 16_777_216.0);
    builder.multiply(upper, scale)
}
