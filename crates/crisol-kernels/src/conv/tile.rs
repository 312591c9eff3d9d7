//! The register tile of direct convolution: a few broadcast inputs times two vectors of channels, summed over many steps.
//!
//! Forward, a tile is some neighbouring output pixels by some output channels and the steps go through the kernel's taps.
//! In the weight gradient a tile is some neighbouring taps by some output channels and the steps go through pixels. Both
//! are `out[r][n] (+)= sum over s of x[r * row + place(s)] * v[s][n]`.

/// The most rows of a tile: with two vectors of channels each they leave registers for the operands.
pub(super) const TILE_ROWS: usize = 14;

/// One tile's operands. Distances are in elements.
pub struct Tile<'a, T> {
    /// Input of the tile's first row.
    pub(super) x: *const T,
    /// Distance between the inputs of two rows.
    pub(super) x_row: usize,
    /// Where each run of steps starts, relative to the row.
    pub(super) runs: &'a [usize],
    /// Steps of a run, and the distance between their inputs.
    pub(super) run: [usize; 2],
    /// Channels of the first step; every step is `v_step` further.
    pub(super) v: *const T,
    pub(super) v_step: usize,
    pub(super) out: *mut T,
    pub(super) out_row: usize,
    /// Rows, at most [`TILE_ROWS`], and channels, at most the element type's `tile_channels`.
    pub(super) size: [usize; 2],
    pub(super) accumulate: bool,
}

/// Element types with a tile.
pub trait Tiled: Copy + 'static {
    /// Channels of a tile, or None where this processor has no tile and products of patches serve better.
    fn tile_channels() -> Option<usize>;

    /// Computes a tile.
    ///
    /// # Safety
    /// `tile_channels` must have given a number and the tile's size must respect it; every input, channel and output that
    /// the tile names must be readable or writable, and no other thread may touch the outputs.
    unsafe fn compute(tile: &Tile<'_, Self>);
}

#[cfg(target_arch = "x86_64")]
macro_rules! tiled {
    ($type:ident, $module:ident, $lanes:literal, $mask:ident, $zero:ident, $set1:ident, $fmadd:ident, $load:ident, $store:ident) => {
        mod $module {
            use super::{TILE_ROWS, Tile};
            use std::arch::x86_64::*;

            /// # Safety
            /// As [`super::Tiled::compute`]; the processor must have AVX-512F; the size must be `R` and at most `V` vectors.
            #[target_feature(enable = "avx512f")]
            unsafe fn rows<const R: usize, const V: usize>(tile: &Tile<'_, $type>) {
                let channels = tile.size[1];
                let masks: [$mask; V] = std::array::from_fn(|vector| {
                    let lanes = channels.saturating_sub(vector * $lanes).min($lanes);
                    ((1_u32 << lanes) - 1) as $mask
                });
                let mut sums = [[$zero(); V]; R];
                // SAFETY: the caller vouches for every place that the tile names; masked lanes are not touched.
                unsafe {
                    let mut v = tile.v;
                    for &start in tile.runs {
                        let mut x = tile.x.add(start);
                        for _ in 0..tile.run[0] {
                            let mut vectors = [$zero(); V];
                            for (vector, values) in vectors.iter_mut().enumerate() {
                                *values = $load(masks[vector], v.wrapping_add(vector * $lanes));
                            }
                            for (row, sums) in sums.iter_mut().enumerate() {
                                let input = $set1(*x.add(row * tile.x_row));
                                for (sum, &values) in sums.iter_mut().zip(&vectors) {
                                    *sum = $fmadd(input, values, *sum);
                                }
                            }
                            v = v.wrapping_add(tile.v_step);
                            x = x.wrapping_add(tile.run[1]);
                        }
                    }
                    let one = $set1(1.0);
                    for (row, sums) in sums.iter().enumerate() {
                        let out = tile.out.add(row * tile.out_row);
                        for (vector, &sum) in sums.iter().enumerate() {
                            let out = out.wrapping_add(vector * $lanes);
                            let mut sum = sum;
                            if tile.accumulate {
                                sum = $fmadd(one, $load(masks[vector], out), sum);
                            }
                            $store(out, masks[vector], sum);
                        }
                    }
                }
            }

            type Rows = unsafe fn(&Tile<'_, $type>);

            const ONE: [Rows; TILE_ROWS] = [
                rows::<1, 1>,
                rows::<2, 1>,
                rows::<3, 1>,
                rows::<4, 1>,
                rows::<5, 1>,
                rows::<6, 1>,
                rows::<7, 1>,
                rows::<8, 1>,
                rows::<9, 1>,
                rows::<10, 1>,
                rows::<11, 1>,
                rows::<12, 1>,
                rows::<13, 1>,
                rows::<14, 1>,
            ];
            const TWO: [Rows; TILE_ROWS] = [
                rows::<1, 2>,
                rows::<2, 2>,
                rows::<3, 2>,
                rows::<4, 2>,
                rows::<5, 2>,
                rows::<6, 2>,
                rows::<7, 2>,
                rows::<8, 2>,
                rows::<9, 2>,
                rows::<10, 2>,
                rows::<11, 2>,
                rows::<12, 2>,
                rows::<13, 2>,
                rows::<14, 2>,
            ];

            /// # Safety
            /// As [`super::Tiled::compute`]; the processor must have AVX-512F.
            #[inline]
            pub(super) unsafe fn compute(tile: &Tile<'_, $type>) {
                let [rows, channels] = tile.size;
                assert!(channels <= 2 * $lanes, "too many channels for a tile");
                let table = if channels <= $lanes { &ONE } else { &TWO };
                // SAFETY: the caller's promise; the table's entries fit the size.
                unsafe { table[rows - 1](tile) };
            }
        }

        impl Tiled for $type {
            #[inline]
            fn tile_channels() -> Option<usize> {
                std::arch::is_x86_feature_detected!("avx512f").then_some(2 * $lanes)
            }

            #[inline]
            unsafe fn compute(tile: &Tile<'_, Self>) {
                // SAFETY: the caller's promise, AVX-512F included.
                unsafe { $module::compute(tile) }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
tiled!(
    f32,
    single,
    16,
    __mmask16,
    _mm512_setzero_ps,
    _mm512_set1_ps,
    _mm512_fmadd_ps,
    _mm512_maskz_loadu_ps,
    _mm512_mask_storeu_ps
);
#[cfg(target_arch = "x86_64")]
tiled!(
    f64,
    double,
    8,
    __mmask8,
    _mm512_setzero_pd,
    _mm512_set1_pd,
    _mm512_fmadd_pd,
    _mm512_maskz_loadu_pd,
    _mm512_mask_storeu_pd
);

#[cfg(not(target_arch = "x86_64"))]
mod portable {
    use super::{Tile, Tiled};

    macro_rules! untiled {
        ($type:ident) => {
            impl Tiled for $type {
                fn tile_channels() -> Option<usize> {
                    None
                }

                unsafe fn compute(_: &Tile<'_, Self>) {}
            }
        };
    }

    untiled!(f32);
    untiled!(f64);
}
