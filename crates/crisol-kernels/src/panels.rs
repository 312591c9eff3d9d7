//! Large products: the right operand is copied into panels once, by all threads, and every block of rows reads it there.
//!
//! A panel has the columns of one register tile and [`DEPTH`] steps of the inner axis, step by step, so that it stays in a
//! first-level cache while the rows of a block pass by; the block's part of the left operand, copied too, stays in a second-level
//! one. Sums are taken as in [`product`](crate::product::product): the bits are the same.

use crate::operand::{Left, Right};
use crate::pool::parallel_for;
use crate::product::{DEPTH, tiles};
use crate::real::{Raw, Real};
use crate::shared::SharedSlice;

/// Bytes of a right operand that are copied at once, by whichever thread starts the product: what bounds its memory. A thread that
/// computes blocks holds a copy of [`DEPTH`] steps of its rows besides, at most 600 kB.
const PANEL_BYTES: usize = 8 << 20;
/// Steps of the inner axis that are copied at once.
const MOST_STEPS: usize = 16 * DEPTH;

/// A product that goes by panels.
#[derive(Clone, Copy)]
pub(crate) struct Panels<T> {
    /// Rows, columns and inner size.
    pub(crate) size: [usize; 3],
    pub(crate) lhs: Raw<*const T>,
    pub(crate) rhs: Raw<*const T>,
    pub(crate) accumulate: bool,
    /// Rows that a thread computes at once.
    pub(crate) rows: usize,
}

impl<T: Real> Panels<T> {
    /// Computes the product into `out`, rows of which follow each other from place `start` on, and calls `finish` with each block
    /// of rows once it is done.
    ///
    /// # Safety
    /// The operands must have the elements that the size names, `out` the rows; nobody else may touch these meanwhile.
    pub(crate) unsafe fn run(
        &self,
        out: SharedSlice<'_, T>,
        start: usize,
        finish: &(dyn Fn(std::ops::Range<usize>) + Sync),
    ) {
        let [m, n, k] = self.size;
        let tile_cols = T::tile_size()[1];
        let most_steps = k.min(MOST_STEPS);
        let fit = PANEL_BYTES / size_of::<T>() / most_steps / tile_cols * tile_cols;
        let cols = fit.clamp(tile_cols, n.next_multiple_of(tile_cols));
        T::with_scratch(cols * most_steps, |copy| {
            for col in (0..n).step_by(cols) {
                let width = cols.min(n - col);
                for depth in (0..k).step_by(most_steps) {
                    let steps = most_steps.min(k - depth);
                    // SAFETY: columns and steps below the sizes that the caller vouches for.
                    unsafe { copy_right(self.rhs.at(0, depth, col), [steps, width], copy) };
                    let copy = &*copy;
                    let last = col + width == n && depth + steps == k;
                    parallel_for(m.div_ceil(self.rows), &|block| {
                        let first = block * self.rows;
                        let rows = first..(first + self.rows).min(m);
                        let target = Raw { start: out.pointer(start + first * n + col), row_stride: n, col_stride: 1 };
                        let lhs = self.lhs.at(0, first, depth);
                        // SAFETY: rows of this chunk alone; all else below the sizes that the caller vouches for.
                        unsafe {
                            block_of_rows([rows.len(), width, steps], target, self.accumulate || depth > 0, lhs, copy)
                        };
                        if last {
                            finish(rows);
                        }
                    });
                }
            }
        });
    }
}

/// Copies steps and columns into panels: those of the first [`DEPTH`] steps, then those of the next.
///
/// # Safety
/// The elements that `size` names must be readable.
unsafe fn copy_right<T: Real>(rhs: Raw<*const T>, [steps, width]: [usize; 2], copy: &mut [T]) {
    let tile_cols = T::tile_size()[1];
    let panels = width.div_ceil(tile_cols);
    let way = Right::copied(rhs);
    let shared = SharedSlice::new(copy);
    parallel_for(steps.div_ceil(DEPTH) * panels, &|chunk| {
        let (depth, panel) = (chunk / panels * DEPTH, chunk % panels);
        let depth_steps = DEPTH.min(steps - depth);
        let start = place(depth, depth_steps, panel, panels, tile_cols);
        // SAFETY: each chunk has a panel of its own.
        let to = unsafe { shared.range(start..start + depth_steps * tile_cols) };
        let col = panel * tile_cols;
        // SAFETY: steps and columns below the sizes that the caller vouches for.
        unsafe { way.panel(rhs.at(0, depth, col), [depth_steps, tile_cols.min(width - col)], tile_cols, to) };
    });
}

/// Where a panel of `steps` steps from step `depth` on starts.
fn place(depth: usize, steps: usize, panel: usize, panels: usize, tile_cols: usize) -> usize {
    (depth * panels + panel * steps) * tile_cols
}

/// Rows of the result from rows of the left operand and the copy of the right one.
///
/// # Safety
/// As for [`Panels::run`]; the copy must be that of these steps and columns.
unsafe fn block_of_rows<T: Real>(
    [m, n, k]: [usize; 3],
    out: Raw<*mut T>,
    accumulate: bool,
    lhs: Raw<*const T>,
    copy: &[T],
) {
    let tile_cols = T::tile_size()[1];
    let panels = n.div_ceil(tile_cols);
    let left = Left::new::<T>(n, lhs);
    T::with_scratch(left.length(m, k.min(DEPTH)), |block| {
        for depth in (0..k).step_by(DEPTH) {
            let steps = DEPTH.min(k - depth);
            // SAFETY: these steps of `lhs` are among those that the caller vouches for.
            let lhs = unsafe { left.block(lhs.at(0, 0, depth), [m, steps], block) };
            for panel in 0..panels {
                let col = panel * tile_cols;
                let start = place(depth, steps, panel, panels, tile_cols);
                let values = &copy[start..start + steps * tile_cols];
                let rhs = Raw { start: values.as_ptr(), row_stride: tile_cols, col_stride: 1 };
                let out = Raw { start: out.start.wrapping_add(col), ..out };
                // SAFETY: rows, columns and steps are within the sizes that the caller vouches for.
                unsafe { tiles([m, tile_cols.min(n - col), steps], out, accumulate || depth > 0, lhs, rhs) };
            }
        }
    });
}
