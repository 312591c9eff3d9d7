//! Vectors of 256 bits: 6 rows and two vectors leave four of the 16 registers for the operands.
#![allow(unsafe_op_in_unsafe_fn, reason = "every body is the one instruction whose conditions the trait states")]

use super::Tile;
use super::rows::{dots, rows};
use super::simd::Simd;
use std::arch::x86_64::*;
use std::marker::PhantomData;

/// AVX2 with fused multiply-add.
pub(super) struct Avx2<T>(PhantomData<T>);

/// Bytes from which a mask is read, starting at as many bytes before the middle as are to be set.
const ONES_THEN_ZEROS: [u64; 8] = [u64::MAX, u64::MAX, u64::MAX, u64::MAX, 0, 0, 0, 0];

/// The mask of the first `bytes` bytes.
#[inline(always)]
unsafe fn first(bytes: usize) -> __m256i {
    _mm256_loadu_si256(ONES_THEN_ZEROS.as_ptr().byte_add(32 - bytes).cast())
}

impl Simd for Avx2<f32> {
    type Element = f32;
    type Vector = __m256;
    type Mask = __m256i;

    const LANES: usize = 8;
    const ROWS: usize = 6;

    #[target_feature(enable = "avx2,fma")]
    unsafe fn tile<const R: usize, const V: usize, const WHOLE: bool>(tile: &Tile<'_, f32>) {
        rows::<Self, R, V, WHOLE>(tile);
    }

    #[target_feature(enable = "avx2,fma")]
    unsafe fn dots<const COUNT: usize>(many: [*const f32; COUNT], one: *const f32, length: usize) -> [f32; COUNT] {
        dots::<Self, COUNT>(many, one, length)
    }

    #[inline(always)]
    unsafe fn mask(lanes: usize) -> __m256i {
        first(lanes * size_of::<f32>())
    }

    #[inline(always)]
    unsafe fn zero() -> __m256 {
        _mm256_setzero_ps()
    }

    #[inline(always)]
    unsafe fn splat(from: *const f32) -> __m256 {
        _mm256_broadcast_ss(&*from)
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> __m256 {
        _mm256_loadu_ps(from)
    }

    #[inline(always)]
    unsafe fn load_some(mask: __m256i, from: *const f32) -> __m256 {
        _mm256_maskload_ps(from, mask)
    }

    #[inline(always)]
    unsafe fn store(to: *mut f32, vector: __m256) {
        _mm256_storeu_ps(to, vector);
    }

    #[inline(always)]
    unsafe fn store_some(to: *mut f32, mask: __m256i, vector: __m256) {
        _mm256_maskstore_ps(to, mask, vector);
    }

    #[inline(always)]
    unsafe fn add(a: __m256, b: __m256) -> __m256 {
        _mm256_add_ps(a, b)
    }

    #[inline(always)]
    unsafe fn multiply_add(a: __m256, b: __m256, c: __m256) -> __m256 {
        _mm256_fmadd_ps(a, b, c)
    }
}

impl Simd for Avx2<f64> {
    type Element = f64;
    type Vector = __m256d;
    type Mask = __m256i;

    const LANES: usize = 4;
    const ROWS: usize = 6;

    #[target_feature(enable = "avx2,fma")]
    unsafe fn tile<const R: usize, const V: usize, const WHOLE: bool>(tile: &Tile<'_, f64>) {
        rows::<Self, R, V, WHOLE>(tile);
    }

    #[target_feature(enable = "avx2,fma")]
    unsafe fn dots<const COUNT: usize>(many: [*const f64; COUNT], one: *const f64, length: usize) -> [f64; COUNT] {
        dots::<Self, COUNT>(many, one, length)
    }

    #[inline(always)]
    unsafe fn mask(lanes: usize) -> __m256i {
        first(lanes * size_of::<f64>())
    }

    #[inline(always)]
    unsafe fn zero() -> __m256d {
        _mm256_setzero_pd()
    }

    #[inline(always)]
    unsafe fn splat(from: *const f64) -> __m256d {
        _mm256_broadcast_sd(&*from)
    }

    #[inline(always)]
    unsafe fn load(from: *const f64) -> __m256d {
        _mm256_loadu_pd(from)
    }

    #[inline(always)]
    unsafe fn load_some(mask: __m256i, from: *const f64) -> __m256d {
        _mm256_maskload_pd(from, mask)
    }

    #[inline(always)]
    unsafe fn store(to: *mut f64, vector: __m256d) {
        _mm256_storeu_pd(to, vector);
    }

    #[inline(always)]
    unsafe fn store_some(to: *mut f64, mask: __m256i, vector: __m256d) {
        _mm256_maskstore_pd(to, mask, vector);
    }

    #[inline(always)]
    unsafe fn add(a: __m256d, b: __m256d) -> __m256d {
        _mm256_add_pd(a, b)
    }

    #[inline(always)]
    unsafe fn multiply_add(a: __m256d, b: __m256d, c: __m256d) -> __m256d {
        _mm256_fmadd_pd(a, b, c)
    }
}
