//! Transcendental functions over four lanes, by the same formulas as `crisol_ir::kernel::math`, so that results are bit-equal.

use std::arch::x86_64::*;

const ROUNDER: f32 = 12_582_912.0;
const EXP: [f32; 6] = [0.000_199_142_3, 0.001_394_105, 0.008_333_273, 0.041_666_355, 0.166_666_67, 0.5];

/// `e^x`.
#[inline]
#[target_feature(enable = "avx,fma")]
pub fn exp(x: __m128) -> __m128 {
    let (shifted, r) = reduce(x);
    let power = _mm_add_ps(tail(r), _mm_set1_ps(1.0));
    let power = _mm_add_epi32(_mm_castps_si128(power), _mm_slli_epi32::<23>(shifted));
    let largest = _mm_set1_ps(f32::from_bits(0x42b1_7217));
    let inside = _mm_cmple_ps(x, largest);
    let beyond = _mm_add_ps(x, _mm_set1_ps(f32::INFINITY));
    let power = _mm_blendv_ps(beyond, _mm_castsi128_ps(power), inside);
    let below = _mm_cmplt_ps(x, _mm_set1_ps(f32::from_bits(0xc2ae_ac4f)));
    _mm_andnot_ps(below, power)
}

/// The hyperbolic tangent.
#[inline]
#[target_feature(enable = "avx,fma")]
pub fn tanh(x: __m128) -> __m128 {
    let sign = _mm_set1_ps(-0.0);
    let size = _mm_min_ps(_mm_set1_ps(9.1), _mm_andnot_ps(sign, x));
    let (shifted, r) = reduce(_mm_add_ps(size, size));
    let one = _mm_set1_ps(1.0);
    let scale = _mm_castsi128_ps(_mm_add_epi32(_mm_slli_epi32::<23>(shifted), _mm_castps_si128(one)));
    let growth = _mm_fmadd_ps(scale, tail(r), _mm_sub_ps(scale, one));
    let result = _mm_div_ps(growth, _mm_add_ps(growth, _mm_set1_ps(2.0)));
    _mm_or_ps(result, _mm_and_ps(x, sign))
}

/// `1 / (1 + e^-x)`.
#[inline]
#[target_feature(enable = "avx,fma")]
pub fn sigmoid(x: __m128) -> __m128 {
    let one = _mm_set1_ps(1.0);
    let power = exp(_mm_xor_ps(x, _mm_set1_ps(-0.0)));
    _mm_div_ps(one, _mm_add_ps(one, power))
}

#[inline]
#[target_feature(enable = "avx,fma")]
fn reduce(x: __m128) -> (__m128i, __m128) {
    let shifted = _mm_fmadd_ps(x, _mm_set1_ps(std::f32::consts::LOG2_E), _mm_set1_ps(ROUNDER));
    let n = _mm_sub_ps(shifted, _mm_set1_ps(ROUNDER));
    let r = _mm_fmadd_ps(n, _mm_set1_ps(-0.693_359_4), x);
    let r = _mm_fmadd_ps(n, _mm_set1_ps(2.121_944_4e-4), r);
    (_mm_castps_si128(shifted), r)
}

#[inline]
#[target_feature(enable = "avx,fma")]
fn tail(r: __m128) -> __m128 {
    let mut p = _mm_set1_ps(EXP[0]);
    for coefficient in &EXP[1..] {
        p = _mm_fmadd_ps(p, r, _mm_set1_ps(*coefficient));
    }
    _mm_fmadd_ps(p, _mm_mul_ps(r, r), r)
}
