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
mod exponential;
mod half;
mod logarithm;
mod power;
mod random;
mod trigonometric;

pub use erf::{ERF_ULPS, erf};
pub use exponential::{exp, expm1, sigmoid, softplus, tanh};
pub use half::{narrow, widen};
pub use logarithm::{log, log1p};
pub use power::{POWER_ULPS, power};
pub use random::{normal, philox, sine_cosine_of_turn, uniform};
pub use trigonometric::{
    ACOS_ULPS, ASIN_ULPS, ATAN_ULPS, COS_ULPS, LARGEST_ANGLE, SIN_ULPS, acos, asin, atan, atan2, cos, sin,
};

use super::{Binary, Builder, Comparison, Register, Type};

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

/// A polynomial by Horner's rule with fused steps, highest coefficient first.
fn polynomial(builder: &mut Builder, x: Register, coefficients: &[f32]) -> Register {
    let mut result = float(builder, coefficients[0]);
    for &coefficient in &coefficients[1..] {
        let coefficient = float(builder, coefficient);
        result = builder.multiply_add(result, x, coefficient);
    }
    result
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
