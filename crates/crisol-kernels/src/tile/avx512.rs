//! Vectors of 512 bits: 14 rows of two vectors in single precision leave four of the 32 registers for the operands.
#![allow(unsafe_op_in_unsafe_fn, reason = "every body is the one instruction whose conditions the trait states")]

use super::Tile;
use super::rows::{dots, rows};
use super::simd::Simd;
use std::arch::x86_64::*;
use std::marker::PhantomData;

/// AVX-512F.
pub(super) struct Avx512<T>(PhantomData<T>);

impl Simd for Avx512<f32> {
    type Element = f32;
    type Vector = __m512;
    type Mask = __mmask16;

    const LANES: usize = 16;
    const ROWS: usize = 14;

    #[target_feature(enable = "avx512f")]
    unsafe fn tile<const R: usize, const V: usize, const WHOLE: bool>(tile: &Tile<'_, f32>) {
        rows::<Self, R, V, WHOLE>(tile);
    }

    #[target_feature(enable = "avx512f")]
    unsafe fn dots<const COUNT: usize>(many: [*const f32; COUNT], one: *const f32, length: usize) -> [f32; COUNT] {
        dots::<Self, COUNT>(many, one, length)
    }

    #[inline(always)]
    unsafe fn mask(lanes: usize) -> __mmask16 {
        ((1_u32 << lanes) - 1) as __mmask16
    }

    #[inline(always)]
    unsafe fn zero() -> __m512 {
        _mm512_setzero_ps()
    }

    #[inline(always)]
    unsafe fn splat(from: *const f32) -> __m512 {
        _mm512_set1_ps(*from)
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> __m512 {
        _mm512_loadu_ps(from)
    }

    #[inline(always)]
    unsafe fn load_some(mask: __mmask16, from: *const f32) -> __m512 {
        _mm512_maskz_loadu_ps(mask, from)
    }

    #[inline(always)]
    unsafe fn store(to: *mut f32, vector: __m512) {
        _mm512_storeu_ps(to, vector);
    }

    #[inline(always)]
    unsafe fn store_some(to: *mut f32, mask: __mmask16, vector: __m512) {
        _mm512_mask_storeu_ps(to, mask, vector);
    }

    #[inline(always)]
    unsafe fn add(a: __m512, b: __m512) -> __m512 {
        _mm512_add_ps(a, b)
    }

    #[inline(always)]
    unsafe fn multiply_add(a: __m512, b: __m512, c: __m512) -> __m512 {
        _mm512_fmadd_ps(a, b, c)
    }
}

impl Simd for Avx512<f64> {
    type Element = f64;
    type Vector = __m512d;
    type Mask = __mmask8;

    const LANES: usize = 8;
    // Sixteen sums are enough to keep both multipliers busy. As many as for single precision would be a third of all tiles to compile, for the
    // precision that is there for checks.
    const ROWS: usize = 8;

    #[target_feature(enable = "avx512f")]
    unsafe fn tile<const R: usize, const V: usize, const WHOLE: bool>(tile: &Tile<'_, f64>) {
        rows::<Self, R, V, WHOLE>(tile);
    }

    #[target_feature(enable = "avx512f")]
    unsafe fn dots<const COUNT: usize>(many: [*const f64; COUNT], one: *const f64, length: usize) -> [f64; COUNT] {
        dots::<Self, COUNT>(many, one, length)
    }

    #[inline(always)]
    unsafe fn mask(lanes: usize) -> __mmask8 {
        ((1_u32 << lanes) - 1) as __mmask8
    }

    #[inline(always)]
    unsafe fn zero() -> __m512d {
        _mm512_setzero_pd()
    }

    #[inline(always)]
    unsafe fn splat(from: *const f64) -> __m512d {
        _mm512_set1_pd(*from)
    }

    #[inline(always)]
    unsafe fn load(from: *const f64) -> __m512d {
        _mm512_loadu_pd(from)
    }

    #[inline(always)]
    unsafe fn load_some(mask: __mmask8, from: *const f64) -> __m512d {
        _mm512_maskz_loadu_pd(mask, from)
    }

    #[inline(always)]
    unsafe fn store(to: *mut f64, vector: __m512d) {
        _mm512_storeu_pd(to, vector);
    }

    #[inline(always)]
    unsafe fn store_some(to: *mut f64, mask: __mmask8, vector: __m512d) {
        _mm512_mask_storeu_pd(to, mask, vector);
    }

    #[inline(always)]
    unsafe fn add(a: __m512d, b: __m512d) -> __m512d {
        _mm512_add_pd(a, b)
    }

    #[inline(always)]
    unsafe fn multiply_add(a: __m512d, b: __m512d, c: __m512d) -> __m512d {
        _mm512_fmadd_pd(a, b, c)
    }
}
