//! The register tile of products and direct convolutions: a few broadcast inputs times two vectors of channels, summed over many
//! steps.
//!
//! In a product a tile is some rows by some columns. In a convolution it is some neighbouring output pixels by some output
//! channels and the steps go through the kernel's taps; in its weight gradient, some neighbouring taps by some output
//! channels and the steps go through pixels. All are `out[r][n] (+)= sum over s of x[r * row + place(s)] * v[s][n]`.

/// The most rows of a tile: with two vectors of channels each they leave registers for the operands.
pub(crate) const TILE_ROWS: usize = 14;

/// One tile's operands. Distances are in elements.
pub struct Tile<'a, T> {
    /// Input of the tile's first row.
    pub(crate) x: *const T,
    /// Distance between the inputs of two rows.
    pub(crate) x_row: usize,
    /// Where each run of steps starts, relative to the row.
    pub(crate) runs: &'a [usize],
    /// Steps of a run, and the distance between their inputs.
    pub(crate) run: [usize; 2],
    /// Channels of the first step; every step is `v_step` further.
    pub(crate) v: *const T,
    pub(crate) v_step: usize,
    pub(crate) out: *mut T,
    pub(crate) out_row: usize,
    /// Rows, at most [`TILE_ROWS`], and channels, at most the element type's `tile_channels`.
    pub(crate) size: [usize; 2],
    pub(crate) accumulate: bool,
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

// The functions below are made once for each element type: `single` and `double` name the vector instructions alike.
//
// There is one function for each number of rows, its sums named one by one: an array indexed in a loop would live in memory
// whenever the compiler chose not to unroll the loop.
#[cfg(target_arch = "x86_64")]
macro_rules! rows {
    ($name:ident: $($sum:ident)*) => {
        /// # Safety
        /// As [`Tiled::compute`]; the processor must have AVX-512F; the size must be that of this function.
        #[target_feature(enable = "avx512f")]
        unsafe fn $name<const V: usize>(tile: &Tile<'_, Element>) {
            let masks: [Mask; V] = std::array::from_fn(|vector| {
                let lanes = tile.size[1].saturating_sub(vector * LANES).min(LANES);
                ((1_u32 << lanes) - 1) as Mask
            });
            $(let mut $sum = [zero(); V];)*
            // SAFETY: the caller vouches for every place that the tile names; masked lanes are not touched.
            unsafe {
                let mut v = tile.v;
                for &start in tile.runs {
                    let mut x = tile.x.wrapping_add(start);
                    for _ in 0..tile.run[0] {
                        let mut values = [zero(); V];
                        for vector in 0..V {
                            values[vector] = load(masks[vector], v.wrapping_add(vector * LANES));
                        }
                        let mut input = x;
                        $(
                            let repeated = splat(load_one(input));
                            for vector in 0..V {
                                $sum[vector] = multiply_add(repeated, values[vector], $sum[vector]);
                            }
                            input = step(input, tile.x_row);
                        )*
                        let _ = input;
                        v = v.wrapping_add(tile.v_step);
                        x = x.wrapping_add(tile.run[1]);
                    }
                }
                let mut out = tile.out;
                $(
                    for vector in 0..V {
                        let out = out.wrapping_add(vector * LANES);
                        if tile.accumulate {
                            $sum[vector] = add(load(masks[vector], out), $sum[vector]);
                        }
                        store(out, masks[vector], $sum[vector]);
                    }
                    out = out.wrapping_add(tile.out_row);
                )*
                let _ = out;
            }
        }
    };
}

/// Whether tiles are to be used where the processor has them: the environment variable `CRISOL_TILES=0` says no.
#[cfg(target_arch = "x86_64")]
fn wanted() -> bool {
    static WANTED: std::sync::OnceLock<bool> = std::sync::OnceLock::new();
    *WANTED.get_or_init(|| std::env::var_os("CRISOL_TILES").is_none_or(|value| value != "0"))
}

/// `pointer + distance`, hidden from the optimiser: it would keep fourteen pointers over the loop, one for each row, and spill
/// the sums to make room for them.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[allow(clippy::pointers_in_nomem_asm_block, reason = "nothing is read or written through it")]
fn step<T>(pointer: *const T, distance: usize) -> *const T {
    let mut next = pointer.wrapping_add(distance);
    // SAFETY: no instructions; the register keeps its value.
    unsafe { std::arch::asm!("/* {0} */", inout(reg) next, options(pure, nomem, nostack, preserves_flags)) };
    next
}

#[cfg(target_arch = "x86_64")]
macro_rules! tiled {
    () => {
        use super::{TILE_ROWS, Tile, Tiled, step};

        rows!(rows_1: a);
        rows!(rows_2: a b);
        rows!(rows_3: a b c);
        rows!(rows_4: a b c d);
        rows!(rows_5: a b c d e);
        rows!(rows_6: a b c d e f);
        rows!(rows_7: a b c d e f g);
        rows!(rows_8: a b c d e f g h);
        rows!(rows_9: a b c d e f g h i);
        rows!(rows_10: a b c d e f g h i j);
        rows!(rows_11: a b c d e f g h i j k);
        rows!(rows_12: a b c d e f g h i j k l);
        rows!(rows_13: a b c d e f g h i j k l m);
        rows!(rows_14: a b c d e f g h i j k l m n);

        type Rows = unsafe fn(&Tile<'_, Element>);

        const ONE: [Rows; TILE_ROWS] = [rows_1::<1>, rows_2::<1>, rows_3::<1>, rows_4::<1>, rows_5::<1>, rows_6::<1>, rows_7::<1>, rows_8::<1>, rows_9::<1>, rows_10::<1>, rows_11::<1>, rows_12::<1>, rows_13::<1>, rows_14::<1>];
        const TWO: [Rows; TILE_ROWS] = [rows_1::<2>, rows_2::<2>, rows_3::<2>, rows_4::<2>, rows_5::<2>, rows_6::<2>, rows_7::<2>, rows_8::<2>, rows_9::<2>, rows_10::<2>, rows_11::<2>, rows_12::<2>, rows_13::<2>, rows_14::<2>];

        impl Tiled for Element {
            #[inline]
            fn tile_channels() -> Option<usize> {
                let there = super::wanted() && std::arch::is_x86_feature_detected!("avx512f");
                there.then_some(2 * LANES)
            }

            #[inline]
            unsafe fn compute(tile: &Tile<'_, Self>) {
                let [rows, channels] = tile.size;
                assert!(channels <= 2 * LANES, "too many channels for a tile");
                let table = if channels <= LANES { &ONE } else { &TWO };
                // SAFETY: the caller's promise, AVX-512F included; the table's functions are in the order of their rows.
                unsafe { table[rows - 1](tile) };
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
mod single {
    use std::arch::x86_64::{
        __mmask16 as Mask, _mm_load_ss as load_one, _mm512_add_ps as add, _mm512_broadcastss_ps as splat,
        _mm512_fmadd_ps as multiply_add, _mm512_mask_storeu_ps as store, _mm512_maskz_loadu_ps as load,
        _mm512_setzero_ps as zero,
    };

    type Element = f32;
    const LANES: usize = 16;
    tiled!();
}

#[cfg(target_arch = "x86_64")]
mod double {
    use std::arch::x86_64::{
        __mmask8 as Mask, _mm_load_sd as load_one, _mm512_add_pd as add, _mm512_broadcastsd_pd as splat,
        _mm512_fmadd_pd as multiply_add, _mm512_mask_storeu_pd as store, _mm512_maskz_loadu_pd as load,
        _mm512_setzero_pd as zero,
    };

    type Element = f64;
    const LANES: usize = 8;
    tiled!();
}

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
