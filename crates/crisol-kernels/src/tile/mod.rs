//! The register tile of products and direct convolutions: a few broadcast inputs times two vectors of channels, summed over many
//! steps.
//!
//! In a product a tile is some rows by some columns. In a convolution it is some neighbouring output pixels by some output
//! channels and the steps go through the kernel's taps; in its weight gradient, some neighbouring taps by some output
//! channels and the steps go through pixels. All are `out[r][n] (+)= sum over s of x[r * row + place(s)] * v[s][n]`.
//!
//! The loops are written once, in `rows.rs`; a module for each width of vectors says what a vector is (`simd.rs`).

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod portable;
mod rows;
mod simd;

#[cfg(target_arch = "x86_64")]
use avx2::Avx2;
#[cfg(target_arch = "x86_64")]
use avx512::Avx512;
use crisol_ir::{Cpu, cpu};
use portable::Portable;
use simd::Simd;

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
    /// Rows and channels, at most the element type's `tile_size`, or one row and one of its `row_widths`.
    pub(crate) size: [usize; 2],
    pub(crate) accumulate: bool,
}

/// Vectors that [`Tiled::dots`] multiplies at once.
pub(crate) const DOTS: usize = 4;

/// Element types with a tile.
pub trait Tiled: Copy + 'static {
    /// The most rows and channels of a tile on this processor: registers for the sums, with some left for the operands.
    fn tile_size() -> [usize; 2];

    /// Channels that a tile of one row may have beyond that, the most first: the sums of two vectors would wait for each other.
    #[inline]
    fn row_widths() -> [usize; 2] {
        let two_vectors = Self::tile_size()[1];
        [4 * two_vectors, 2 * two_vectors]
    }

    /// Computes a tile.
    ///
    /// # Safety
    /// The size must be neither zero nor beyond what [`Tile`] says; every input, channel and output that the tile names must be
    /// readable or writable, and no other thread may touch the outputs.
    unsafe fn compute(tile: &Tile<'_, Self>);

    /// The scalar products of `length` elements at `one` with as many at each of `many`.
    ///
    /// # Safety
    /// All these elements must be readable.
    unsafe fn dots(many: [*const Self; DOTS], one: *const Self, length: usize) -> [Self; DOTS];
}

impl Tiled for f32 {
    #[inline]
    fn tile_size() -> [usize; 2] {
        match cpu() {
            #[cfg(target_arch = "x86_64")]
            Cpu::Avx512 => size::<Avx512<Self>>(),
            #[cfg(target_arch = "x86_64")]
            Cpu::Avx2 => size::<Avx2<Self>>(),
            _ => size::<Portable<Self, 4>>(),
        }
    }

    #[inline]
    unsafe fn compute(tile: &Tile<'_, Self>) {
        // SAFETY: the caller's promise, and `cpu` has found the instructions.
        unsafe {
            match cpu() {
                #[cfg(target_arch = "x86_64")]
                Cpu::Avx512 => rows::compute::<Avx512<Self>>(tile),
                #[cfg(target_arch = "x86_64")]
                Cpu::Avx2 => rows::compute::<Avx2<Self>>(tile),
                _ => rows::compute::<Portable<Self, 4>>(tile),
            }
        }
    }

    #[inline]
    unsafe fn dots(many: [*const Self; DOTS], one: *const Self, length: usize) -> [Self; DOTS] {
        // SAFETY: as in `compute`.
        unsafe {
            match cpu() {
                #[cfg(target_arch = "x86_64")]
                Cpu::Avx512 => <Avx512<Self>>::dots(many, one, length),
                #[cfg(target_arch = "x86_64")]
                Cpu::Avx2 => <Avx2<Self>>::dots(many, one, length),
                _ => <Portable<Self, 4>>::dots(many, one, length),
            }
        }
    }
}

impl Tiled for f64 {
    #[inline]
    fn tile_size() -> [usize; 2] {
        match cpu() {
            #[cfg(target_arch = "x86_64")]
            Cpu::Avx512 => size::<Avx512<Self>>(),
            #[cfg(target_arch = "x86_64")]
            Cpu::Avx2 => size::<Avx2<Self>>(),
            _ => size::<Portable<Self, 2>>(),
        }
    }

    #[inline]
    unsafe fn compute(tile: &Tile<'_, Self>) {
        // SAFETY: the caller's promise, and `cpu` has found the instructions.
        unsafe {
            match cpu() {
                #[cfg(target_arch = "x86_64")]
                Cpu::Avx512 => rows::compute::<Avx512<Self>>(tile),
                #[cfg(target_arch = "x86_64")]
                Cpu::Avx2 => rows::compute::<Avx2<Self>>(tile),
                _ => rows::compute::<Portable<Self, 2>>(tile),
            }
        }
    }

    #[inline]
    unsafe fn dots(many: [*const Self; DOTS], one: *const Self, length: usize) -> [Self; DOTS] {
        // SAFETY: as in `compute`.
        unsafe {
            match cpu() {
                #[cfg(target_arch = "x86_64")]
                Cpu::Avx512 => <Avx512<Self>>::dots(many, one, length),
                #[cfg(target_arch = "x86_64")]
                Cpu::Avx2 => <Avx2<Self>>::dots(many, one, length),
                _ => <Portable<Self, 2>>::dots(many, one, length),
            }
        }
    }
}

/// The most rows and channels of a tile.
const fn size<S: Simd>() -> [usize; 2] {
    [S::ROWS, 2 * S::LANES]
}

/// Multiples of the distance between two rows, such that every row's address is one of few pointers plus one of these times 1,
/// 2, 4 or 8, which x86-64 adds within the load. The compiler would keep a pointer for each row, and spill sums to make room.
#[derive(Clone, Copy)]
struct Distances {
    one: usize,
    three: usize,
    five: usize,
    seven: usize,
    nine: usize,
}

impl Distances {
    #[inline(always)]
    fn new<T>(row: usize) -> Self {
        let one = row.wrapping_mul(size_of::<T>());
        let times = |count: usize| hidden(one.wrapping_mul(count) as *const u8) as usize;
        Self { one: times(1), three: times(3), five: times(5), seven: times(7), nine: times(9) }
    }

    /// The place of a row below 14, given that of row 0.
    #[inline(always)]
    fn row<T>(self, first: *const T, row: usize) -> *const T {
        let (first, row) = if row < 9 { (first, row) } else { (first.wrapping_byte_add(self.nine), row - 9) };
        let distance = match row {
            0 => 0,
            1 => self.one,
            2 => self.one.wrapping_mul(2),
            3 => self.three,
            4 => self.one.wrapping_mul(4),
            5 => self.five,
            6 => self.three.wrapping_mul(2),
            7 => self.seven,
            _ => self.one.wrapping_mul(8),
        };
        first.wrapping_byte_add(distance)
    }
}

/// The same pointer, of which the optimiser no longer knows how it was made.
#[inline(always)]
#[cfg_attr(
    target_arch = "x86_64",
    allow(clippy::pointers_in_nomem_asm_block, reason = "nothing is read or written through it")
)]
fn hidden<T>(pointer: *const T) -> *const T {
    #[cfg_attr(not(target_arch = "x86_64"), allow(unused_mut, reason = "changed by the assembler"))]
    let mut pointer = pointer;
    #[cfg(target_arch = "x86_64")]
    // SAFETY: no instructions; the register keeps its value.
    unsafe {
        std::arch::asm!("/* {0} */", inout(reg) pointer, options(pure, nomem, nostack, preserves_flags));
    }
    pointer
}

/// Asks for the cache line of a place that is read or written later; any address will do.
#[inline(always)]
pub(crate) fn prefetch<T>(place: *const T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a hint, which no address makes fail.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(place.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = place;
}
