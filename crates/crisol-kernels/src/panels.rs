//! Large products: the right operand is copied into panels once, by all threads, and every block of rows reads it there.
//!
//! A panel has the columns of one register tile and [`DEPTH`] steps of the inner axis, step by step. A group of panels, and the
//! block's part of the left operand, which is copied too when its rows lie far apart, stay in a second-level cache. Sums are taken
//! as in [`product`](crate::product::product): the bits are the same.

use crate::operand::{Left, Right};
use crate::pool::parallel_for;
use crate::product::{Columns, DEPTH, group, tiles};
use crate::real::{Raw, Real};
use crate::shared::SharedSlice;

/// Bytes of a right operand that are copied at once, by whichever thread starts the product: what bounds its memory. A thread that
/// computes blocks holds a copy of [`DEPTH`] steps of its rows besides, at most 800 kB.
const PANEL_BYTES: usize = 8 << 20;
/// Steps of the inner axis that are copied at once.
const MOST_STEPS: usize = 4 * DEPTH;

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
    let way = Right::copied(rhs);
    let cols = group::<T>(DEPTH);
    let groups = width.div_ceil(cols);
    let shared = SharedSlice::new(copy);
    parallel_for(steps.div_ceil(DEPTH) * groups, &|chunk| {
        let (depth, col) = (chunk / groups * DEPTH, chunk % groups * cols);
        let size = [DEPTH.min(steps - depth), cols.min(width - col)];
        let start = depth * width.next_multiple_of(tile_cols) + col * size[0];
        // SAFETY: each chunk has panels of its own.
        let to = unsafe { shared.range(start..start + size[0] * size[1].next_multiple_of(tile_cols)) };
        // SAFETY: steps and columns below the sizes that the caller vouches for.
        unsafe { way.copy(rhs.at(0, depth, col), size, tile_cols, to) };
    });
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
    let left = Left::new::<T>(n, lhs);
    T::with_scratch(left.length(m, k.min(DEPTH)), |block| {
        for depth in (0..k).step_by(DEPTH) {
            let steps = DEPTH.min(k - depth);
            let rhs = Columns::copied(&copy[depth * n.next_multiple_of(tile_cols)..], steps, tile_cols);
            // SAFETY: rows, columns and steps are within the sizes that the caller vouches for.
            unsafe {
                let lhs = left.block(lhs.at(0, 0, depth), [m, steps], block);
                tiles([m, n, steps], out, accumulate || depth > 0, lhs, rhs);
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matrix::Matrix;
    use crate::product::product;
    use crate::threads::with_threads;
    use proptest::prelude::*;
    use std::sync::Mutex;

    /// Numbers between -1 and 1, a function of the seed, and strides: a view of `rows` x `cols` in one of four orders ends with the
    /// last of them.
    fn stored<T: From<f32>>(seed: u64, [rows, cols]: [usize; 2], order: usize) -> (Vec<T>, [usize; 2]) {
        let strides = [[cols, 1], [1, rows], [cols + 3, 1], [2 * cols + 1, 2]][order];
        let length = (rows - 1) * strides[0] + (cols - 1) * strides[1] + 1;
        let mut state = seed;
        let next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            T::from((state >> 48) as u16 as f32 / 32_768.0 - 1.0)
        };
        (std::iter::repeat_with(next).take(length).collect(), strides)
    }

    /// Holds panels to the plain definition, and to the bits that one thread computes without panels.
    fn check<T: Real + From<f32> + Into<f64>>(size: [usize; 3], orders: [usize; 2], rows: usize, accumulate: bool) {
        let [m, n, k] = size;
        let (lhs, left) = stored::<T>(1, [m, k], orders[0]);
        let (rhs, right) = stored::<T>(2, [k, n], orders[1]);
        let [lhs, rhs] = [
            Matrix::new(&lhs, m, k, left[0], left[1]).unwrap().raw(),
            Matrix::new(&rhs, k, n, right[0], right[1]).unwrap().raw(),
        ];
        let before: Vec<T> = stored(3, [m, n], 0).0;
        let mut alone = before.clone();
        let target = Raw { start: alone.as_mut_ptr(), row_stride: n, col_stride: 1 };
        // SAFETY: views made above, a result of their size.
        unsafe { product(size, [m, n], target, accumulate, lhs, rhs) };
        for threads in [1, 3] {
            // Two elements before the result and two after it are not to change.
            let margin = [T::from(7.0); 2];
            let mut out = [&margin[..], &before, &margin].concat();
            let finished = Mutex::new(vec![0; m]);
            with_threads(threads, || {
                let finish = |rows: std::ops::Range<usize>| {
                    finished.lock().unwrap()[rows].iter_mut().for_each(|count| *count += 1);
                };
                let panels = Panels { size, lhs, rhs, accumulate, rows };
                // SAFETY: as above, from the third element on.
                unsafe { panels.run(SharedSlice::new(&mut out), 2, &finish) };
            });
            assert_eq!((&out[..2], &out[m * n + 2..]), (&margin[..], &margin[..]));
            assert!(out[2..m * n + 2] == alone, "{size:?}, orders {orders:?}, blocks of {rows}: other bits");
            assert!(finished.into_inner().unwrap().iter().all(|&count| count == 1), "rows not finished once");
        }
        let bound = (k + 4) as f64 * if size_of::<T>() == 4 { f64::from(f32::EPSILON) } else { f64::EPSILON };
        for row in 0..m {
            for col in 0..n {
                let term = |inner: usize| -> f64 {
                    // SAFETY: an element of each view.
                    let (a, b) = unsafe { (*lhs.at(0, row, inner).start, *rhs.at(0, inner, col).start) };
                    a.into() * b.into()
                };
                let start: f64 = if accumulate { before[row * n + col].into() } else { 0.0 };
                let expected = start + (0..k).map(term).sum::<f64>();
                let given: f64 = alone[row * n + col].into();
                assert!((given - expected).abs() <= bound, "{size:?} at {row}, {col}: {given}, not {expected}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn as_defined_and_as_without_panels(
            size in [4_usize..40, 8_usize..140, 1_usize..900],
            orders in [0_usize..4, 0_usize..4],
            rows in 1_usize..40,
            accumulate: bool,
        ) {
            check::<f32>(size, orders, rows, accumulate);
            check::<f64>(size, orders, rows, accumulate);
        }
    }

    #[test]
    fn more_steps_and_columns_than_are_copied_at_once() {
        for (index, size) in [[5, 70, 2 * MOST_STEPS + 13], [4, 2101, MOST_STEPS + 1]].into_iter().enumerate() {
            for right in 0..4 {
                check::<f32>(size, [index, right], 3, right % 2 == 0);
                check::<f64>(size, [index, right], 4, right % 2 == 1);
            }
        }
    }
}
