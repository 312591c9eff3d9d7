//! exp, tanh and sigmoid, as `crisol_ir::kernel::math` defines them.

use pulp::Simd;

const ROUNDER: f32 = 12_582_912.0;
const LN_2_HIGH: f32 = 0.693_359_4;
const LN_2_LOW: f32 = -2.121_944_4e-4;
/// `(e^r - 1 - r) / r^2`, highest coefficient first.
const EXP: [f32; 6] = [0.000_199_142_3, 0.001_394_105, 0.008_333_273, 0.041_666_355, 0.166_666_67, 0.5];

/// Products, multiply-adds and divisions of [`exp`], to reckon what a loop costs at best.
pub(crate) const EXP_OPERATIONS: usize = 10;
/// Those of [`tanh`].
pub(crate) const TANH_OPERATIONS: usize = 12;
/// Those of [`sigmoid`].
pub(crate) const SIGMOID_OPERATIONS: usize = EXP_OPERATIONS + 1;

#[inline(always)]
pub(crate) fn exp<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let (shifted, r) = reduce(simd, x);
    let power = simd.add_f32s(tail(simd, r), simd.splat_f32s(1.0));
    let power = simd.transmute_f32s_u32s(simd.add_u32s(simd.transmute_u32s_f32s(power), exponent(simd, shifted)));
    let beyond = simd.add_f32s(x, simd.splat_f32s(f32::INFINITY));
    let inside = simd.less_than_or_equal_f32s(x, simd.splat_f32s(f32::from_bits(0x42b1_7217)));
    let power = simd.select_f32s(inside, power, beyond);
    let below = simd.less_than_f32s(x, simd.splat_f32s(f32::from_bits(0xc2ae_ac4f)));
    simd.select_f32s(below, simd.splat_f32s(0.0), power)
}

#[inline(always)]
pub(crate) fn tanh<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let size = simd.min_f32s(simd.splat_f32s(9.1), simd.abs_f32s(x));
    let (shifted, r) = reduce(simd, simd.add_f32s(size, size));
    let scale = simd.add_u32s(exponent(simd, shifted), simd.splat_u32s(0x3f80_0000));
    let scale = simd.transmute_f32s_u32s(scale);
    let rest = simd.sub_f32s(scale, simd.splat_f32s(1.0));
    let growth = simd.mul_add_f32s(scale, tail(simd, r), rest);
    let result = simd.div_f32s(growth, simd.add_f32s(growth, simd.splat_f32s(2.0)));
    let sign = simd.and_u32s(simd.transmute_u32s_f32s(x), simd.splat_u32s(0x8000_0000));
    simd.transmute_f32s_u32s(simd.or_u32s(simd.transmute_u32s_f32s(result), sign))
}

#[inline(always)]
pub(crate) fn sigmoid<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let one = simd.splat_f32s(1.0);
    simd.div_f32s(one, simd.add_f32s(one, exp(simd, simd.neg_f32s(x))))
}

/// `x = n ln 2 + r`: `n` in the lower bits of an integer, and `r`.
#[inline(always)]
fn reduce<S: Simd>(simd: S, x: S::f32s) -> (S::u32s, S::f32s) {
    let rounder = simd.splat_f32s(ROUNDER);
    let shifted = simd.mul_add_f32s(x, simd.splat_f32s(std::f32::consts::LOG2_E), rounder);
    let n = simd.sub_f32s(shifted, rounder);
    let r = simd.mul_add_f32s(n, simd.splat_f32s(-LN_2_HIGH), x);
    let r = simd.mul_add_f32s(n, simd.splat_f32s(-LN_2_LOW), r);
    (simd.transmute_u32s_f32s(shifted), r)
}

/// `e^r - 1`.
#[inline(always)]
fn tail<S: Simd>(simd: S, r: S::f32s) -> S::f32s {
    let mut p = simd.splat_f32s(EXP[0]);
    for coefficient in &EXP[1..] {
        p = simd.mul_add_f32s(p, r, simd.splat_f32s(*coefficient));
    }
    simd.mul_add_f32s(p, simd.mul_f32s(r, r), r)
}

#[inline(always)]
fn exponent<S: Simd>(simd: S, shifted: S::u32s) -> S::u32s {
    simd.wrapping_dyn_shl_u32s(shifted, simd.splat_u32s(23))
}
