//! The loops of a tile, over vectors of any kind.

use super::simd::Simd;
use super::{Distances, Tile, hidden, prefetch};

/// # Safety
/// As [`super::Tiled::compute`]; the processor must have the instructions of `S`.
#[inline]
pub(super) unsafe fn compute<S: Simd>(tile: &Tile<'_, S::Element>) {
    let [rows, channels] = tile.size;
    // SAFETY: the caller's promise.
    unsafe {
        match (channels.div_ceil(S::LANES), channels % S::LANES == 0) {
            (1, false) => by_rows::<S, 1, false>(tile),
            (1, true) => by_rows::<S, 1, true>(tile),
            (2, false) => by_rows::<S, 2, false>(tile),
            (2, true) => by_rows::<S, 2, true>(tile),
            (4, true) if rows == 1 => S::tile::<1, 4, true>(tile),
            (8, true) if rows == 1 => S::tile::<1, 8, true>(tile),
            _ => unreachable!("{rows} rows of {channels} channels in a tile"),
        }
    }
}

/// Calls the function for the tile's number of rows; there is one for each, so that sums live in registers.
///
/// # Safety
/// As [`rows`].
unsafe fn by_rows<S: Simd, const V: usize, const WHOLE: bool>(tile: &Tile<'_, S::Element>) {
    // SAFETY: the caller's promise.
    unsafe {
        match tile.size[0] {
            1 => S::tile::<1, V, WHOLE>(tile),
            2 => S::tile::<2, V, WHOLE>(tile),
            3 => S::tile::<3, V, WHOLE>(tile),
            4 => S::tile::<4, V, WHOLE>(tile),
            5 => S::tile::<5, V, WHOLE>(tile),
            6 => S::tile::<6, V, WHOLE>(tile),
            // Functions that the instruction set has no registers for are not compiled.
            7 if const { S::ROWS >= 7 } => S::tile::<7, V, WHOLE>(tile),
            8 if const { S::ROWS >= 8 } => S::tile::<8, V, WHOLE>(tile),
            9 if const { S::ROWS >= 9 } => S::tile::<9, V, WHOLE>(tile),
            10 if const { S::ROWS >= 10 } => S::tile::<10, V, WHOLE>(tile),
            11 if const { S::ROWS >= 11 } => S::tile::<11, V, WHOLE>(tile),
            12 if const { S::ROWS >= 12 } => S::tile::<12, V, WHOLE>(tile),
            13 if const { S::ROWS >= 13 } => S::tile::<13, V, WHOLE>(tile),
            14 if const { S::ROWS >= 14 } => S::tile::<14, V, WHOLE>(tile),
            rows => unreachable!("{rows} rows in a tile of at most {}", S::ROWS),
        }
    }
}

/// # Safety
/// As [`super::Tiled::compute`]; the processor must have the instructions of `S`; the tile must have `R` rows, at most `V` vectors,
/// and all of these if `WHOLE`.
#[inline(always)]
pub(super) unsafe fn rows<S: Simd, const R: usize, const V: usize, const WHOLE: bool>(tile: &Tile<'_, S::Element>) {
    // SAFETY: the caller vouches for every place that the tile names; masked lanes are not touched.
    unsafe {
        // Arrays are filled by loops here: `from_fn` would be compiled anew for every number of rows.
        let mut masks = [S::mask(S::LANES); V];
        for (vector, mask) in masks.iter_mut().enumerate() {
            *mask = S::mask(tile.size[1].saturating_sub(vector * S::LANES).min(S::LANES));
        }
        for row in 0..R {
            for vector in 0..V {
                prefetch(tile.out.wrapping_add(row * tile.out_row + vector * S::LANES));
            }
        }
        let mut sums = [[S::zero(); V]; R];
        let distances = Distances::new::<S::Element>(tile.x_row);
        let mut v = tile.v;
        for &start in tile.runs {
            let mut x = tile.x.wrapping_add(start);
            for _ in 0..tile.run[0] {
                let mut values = [S::zero(); V];
                for vector in 0..V {
                    values[vector] = load::<S, WHOLE>(masks[vector], v.wrapping_add(vector * S::LANES));
                }
                // Written out: a loop that the compiler chose not to unroll would keep the sums in memory.
                let step = Step::<S, V> { x, distances, values };
                step.add::<R, 0>(&mut sums);
                step.add::<R, 1>(&mut sums);
                step.add::<R, 2>(&mut sums);
                step.add::<R, 3>(&mut sums);
                step.add::<R, 4>(&mut sums);
                step.add::<R, 5>(&mut sums);
                step.add::<R, 6>(&mut sums);
                step.add::<R, 7>(&mut sums);
                step.add::<R, 8>(&mut sums);
                step.add::<R, 9>(&mut sums);
                step.add::<R, 10>(&mut sums);
                step.add::<R, 11>(&mut sums);
                step.add::<R, 12>(&mut sums);
                step.add::<R, 13>(&mut sums);
                v = v.wrapping_add(tile.v_step);
                x = hidden(x.wrapping_add(tile.run[1]));
            }
        }
        let mut out = tile.out;
        for sums in sums {
            for (vector, mut sum) in sums.into_iter().enumerate() {
                let out = out.wrapping_add(vector * S::LANES);
                if tile.accumulate {
                    sum = S::add(load::<S, WHOLE>(masks[vector], out), sum);
                }
                if WHOLE {
                    S::store(out, sum);
                } else {
                    S::store_some(out, masks[vector], sum);
                }
            }
            out = out.wrapping_add(tile.out_row);
        }
    }
}

/// One step's operands: the inputs of its first row, and its channels.
struct Step<S: Simd, const V: usize> {
    x: *const S::Element,
    distances: Distances,
    values: [S::Vector; V],
}

impl<S: Simd, const V: usize> Step<S, V> {
    /// Adds the products of a row, when there are so many.
    ///
    /// # Safety
    /// The row's input must be readable; the processor must have the instructions of `S`.
    #[inline(always)]
    unsafe fn add<const R: usize, const ROW: usize>(&self, sums: &mut [[S::Vector; V]; R]) {
        if ROW < R {
            // SAFETY: the caller's promise.
            unsafe {
                let repeated = S::splat(self.distances.row(self.x, ROW));
                for (sum, value) in sums[ROW].iter_mut().zip(self.values) {
                    *sum = S::multiply_add(repeated, value, *sum);
                }
            }
        }
    }
}

/// # Safety
/// The lanes of the mask, or all if `WHOLE`, must be readable; the processor must have the instructions of `S`.
#[inline(always)]
unsafe fn load<S: Simd, const WHOLE: bool>(mask: S::Mask, from: *const S::Element) -> S::Vector {
    // SAFETY: the caller's promise.
    unsafe { if WHOLE { S::load(from) } else { S::load_some(mask, from) } }
}

/// # Safety
/// As [`super::Tiled::dots`]; the processor must have the instructions of `S`.
#[inline(always)]
pub(super) unsafe fn dots<S: Simd, const COUNT: usize>(
    many: [*const S::Element; COUNT],
    one: *const S::Element,
    length: usize,
) -> [S::Element; COUNT] {
    // SAFETY: places below `length` are readable, and masked lanes are not read.
    unsafe {
        let mut sums = [[S::zero(); 2]; COUNT];
        let mut at = 0;
        while at + 2 * S::LANES <= length {
            let values = [S::load(one.add(at)), S::load(one.add(at + S::LANES))];
            for number in 0..COUNT {
                for half in 0..2 {
                    let other = S::load(many[number].add(at + half * S::LANES));
                    sums[number][half] = S::multiply_add(other, values[half], sums[number][half]);
                }
            }
            at += 2 * S::LANES;
        }
        while at < length {
            let some = S::mask((length - at).min(S::LANES));
            let value = S::load_some(some, one.add(at));
            for number in 0..COUNT {
                let other = S::load_some(some, many[number].add(at));
                sums[number][0] = S::multiply_add(other, value, sums[number][0]);
            }
            at += S::LANES;
        }
        sums.map(|[one, other]| {
            /// Lanes of the widest vector.
            const MOST: usize = 16;
            let mut lanes = [S::Element::default(); MOST];
            S::store(lanes.as_mut_ptr(), S::add(one, other));
            // Halves onto each other: the same tree on every processor of this kind.
            let mut count = S::LANES;
            while count > 1 {
                count /= 2;
                for lane in 0..count {
                    let other = lanes[lane + count];
                    lanes[lane] += other;
                }
            }
            lanes[0]
        })
    }
}
