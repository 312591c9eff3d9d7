//! Vectors of 128 bits as plain arrays, which the compiler turns into what the architecture has: SSE2, NEON or other.
//!
//! Products are rounded before they are added, except on aarch64, which always has a fused instruction.
#![allow(unsafe_op_in_unsafe_fn, reason = "every body is the one instruction whose conditions the trait states")]

use super::Tile;
use super::rows::{dots, rows};
use super::simd::Simd;
use crate::real::Real;
use std::marker::PhantomData;

/// `LANES` elements side by side.
pub(super) struct Portable<T, const LANES: usize>(PhantomData<T>);

impl<T: Real, const LANES: usize> Simd for Portable<T, LANES> {
    type Element = T;
    type Vector = [T; LANES];
    /// How many lanes.
    type Mask = usize;

    const LANES: usize = LANES;
    const ROWS: usize = 6;

    #[inline(never)]
    unsafe fn tile<const R: usize, const V: usize, const WHOLE: bool>(tile: &Tile<'_, T>) {
        rows::<Self, R, V, WHOLE>(tile);
    }

    #[inline(never)]
    unsafe fn dots<const COUNT: usize>(many: [*const T; COUNT], one: *const T, length: usize) -> [T; COUNT] {
        dots::<Self, COUNT>(many, one, length)
    }

    #[inline(always)]
    unsafe fn mask(lanes: usize) -> usize {
        lanes
    }

    #[inline(always)]
    unsafe fn zero() -> [T; LANES] {
        [T::ZERO; LANES]
    }

    #[inline(always)]
    unsafe fn splat(from: *const T) -> [T; LANES] {
        [*from; LANES]
    }

    #[inline(always)]
    unsafe fn load(from: *const T) -> [T; LANES] {
        from.cast::<[T; LANES]>().read_unaligned()
    }

    #[inline(always)]
    unsafe fn load_some(mask: usize, from: *const T) -> [T; LANES] {
        std::array::from_fn(|lane| if lane < mask { *from.add(lane) } else { T::ZERO })
    }

    #[inline(always)]
    unsafe fn store(to: *mut T, vector: [T; LANES]) {
        to.cast::<[T; LANES]>().write_unaligned(vector);
    }

    #[inline(always)]
    unsafe fn store_some(to: *mut T, mask: usize, vector: [T; LANES]) {
        for (lane, &value) in vector.iter().enumerate().take(mask) {
            *to.add(lane) = value;
        }
    }

    #[inline(always)]
    unsafe fn add(a: [T; LANES], b: [T; LANES]) -> [T; LANES] {
        std::array::from_fn(|lane| a[lane] + b[lane])
    }

    #[inline(always)]
    unsafe fn multiply_add(a: [T; LANES], b: [T; LANES], c: [T; LANES]) -> [T; LANES] {
        std::array::from_fn(|lane| a[lane].multiply_add(b[lane], c[lane]))
    }
}
