//! Numbers of sixteen bits: their bits widened to single precision, and rounded back to the nearest, ties to even.
//!
//! Integer arithmetic where it can be: denormals count as zero in the arithmetic of floats, and those of `float16` are normal numbers
//! in single precision.

use super::{float, integer};
use crate::DType;
use crate::kernel::{Binary, Builder, Comparison, Register, Type};

/// The number whose bits, of type `BF16` or `F16`, stand in an `I32`.
pub fn widen(builder: &mut Builder, dtype: DType, bits: Register) -> Register {
    if dtype == DType::BF16 {
        let bits = shifted(builder, Binary::ShiftLeft, bits, 16);
        return builder.reinterpret(bits, Type::F32);
    }
    let sign = masked(builder, bits, 0x8000);
    let sign = shifted(builder, Binary::ShiftLeft, sign, 16);
    let size = masked(builder, bits, 0x7fff);
    // The exponent is counted from 15 instead of 127; infinity and NaN have the largest one of either type.
    let moved = shifted(builder, Binary::ShiftLeft, size, 13);
    let difference = integer(builder, (127 - 15) << 23);
    let normal = builder.add(moved, difference);
    let twice = builder.add(normal, difference);
    let infinite = integer(builder, 0x7c00);
    let special = builder.compare(Comparison::GreaterEqual, size, infinite);
    let number = builder.select(special, twice, normal);
    // Subnormal numbers are multiples of 2^-24.
    let count = builder.convert(size, Type::F32);
    let unit = float(builder, 1.0 / 16_777_216.0);
    let small = builder.multiply(count, unit);
    let small = builder.reinterpret(small, Type::I32);
    let smallest = integer(builder, 0x0400);
    let subnormal = builder.compare(Comparison::Less, size, smallest);
    let number = builder.select(subnormal, small, number);
    let number = builder.binary(Binary::Or, number, sign);
    builder.reinterpret(number, Type::F32)
}

/// The bits of the number of type `BF16` or `F16` that is nearest to an `F32`; infinity where that is too large, and one NaN,
/// without a sign.
pub fn narrow(builder: &mut Builder, dtype: DType, x: Register) -> Register {
    let bits = builder.reinterpret(x, Type::I32);
    let sign = shifted(builder, Binary::ShiftRightUnsigned, bits, 16);
    let sign = masked(builder, sign, 0x8000);
    let size = masked(builder, bits, 0x7fff_ffff);
    let rounded = match dtype {
        DType::BF16 => rounded(builder, size, 16),
        _ => {
            let difference = integer(builder, (127 - 15) << 23);
            let rebased = builder.subtract(size, difference);
            let normal = rounded(builder, rebased, 13);
            let infinity = integer(builder, 0x7c00);
            let normal = builder.binary(Binary::Minimum, normal, infinity);
            // Below 2^-14 the last place is worth 2^-24: adding 1/2 moves it to the last place of the sum, which rounds.
            let half = float(builder, 0.5);
            let number = builder.reinterpret(size, Type::F32);
            let sum = builder.add(number, half);
            let sum = builder.reinterpret(sum, Type::I32);
            let half_bits = integer(builder, 0x3f00_0000);
            let small = builder.subtract(sum, half_bits);
            let smallest = integer(builder, 0x3880_0000);
            let subnormal = builder.compare(Comparison::Less, size, smallest);
            builder.select(subnormal, small, normal)
        }
    };
    let nan = integer(builder, if dtype == DType::BF16 { 0x7fc0 } else { 0x7e00 });
    let infinity = integer(builder, 0x7f80_0000);
    let is_nan = builder.compare(Comparison::Greater, size, infinity);
    let number = builder.binary(Binary::Or, rounded, sign);
    // One NaN for all: which sign a NaN has depends on the order of operands in an instruction, which compilers choose.
    builder.select(is_nan, nan, number)
}

/// `bits / 2^places`, to the nearest, ties to even; `bits` is not negative.
fn rounded(builder: &mut Builder, bits: Register, places: u32) -> Register {
    let last = shifted(builder, Binary::ShiftRightUnsigned, bits, places);
    let odd = masked(builder, last, 1);
    let below_half = integer(builder, (1 << (places - 1)) - 1);
    let bits = builder.add(bits, below_half);
    let bits = builder.add(bits, odd);
    shifted(builder, Binary::ShiftRightSigned, bits, places)
}

fn shifted(builder: &mut Builder, direction: Binary, x: Register, places: u32) -> Register {
    let places = integer(builder, places);
    builder.binary(direction, x, places)
}

fn masked(builder: &mut Builder, x: Register, mask: u32) -> Register {
    let mask = integer(builder, mask);
    builder.binary(Binary::And, x, mask)
}
