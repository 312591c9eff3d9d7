//! The product of two matrices on one thread: register tiles over blocks that stay in cache; scalar products where the result is
//! narrow.

use crate::operand::{Left, Right, prefetch_lines};
use crate::real::{Raw, Real};
use crate::tile::{DOTS, Tile};

/// Steps of the inner axis that one pass of tiles sums. Fewer read and write the result more often; with more, a block of the left
/// operand leaves no room for a group of columns in a second-level cache.
pub(crate) const DEPTH: usize = 384;

/// `out = [out +] lhs @ rhs` on the calling thread; sizes are [m, n, k].
///
/// `whole` are the rows and columns of the product that this one is a part of: they alone say in which order sums are taken, so that
/// a product has the same bits however it is cut.
///
/// # Safety
/// Every element that the sizes and strides name must be readable (operands) or writable and unaliased (`out`); `out` must hold
/// values when `accumulate` is set; its columns must follow each other.
pub(crate) unsafe fn product<T: Real>(
    size: [usize; 3],
    whole: [usize; 2],
    out: Raw<*mut T>,
    accumulate: bool,
    lhs: Raw<*const T>,
    rhs: Raw<*const T>,
) {
    let [m, n, k] = size;
    debug_assert_eq!(out.col_stride, 1);
    if m == 0 || n == 0 {
        return;
    }
    let way = way::<T>(whole, [lhs.row_stride, lhs.col_stride], [rhs.row_stride, rhs.col_stride]);
    // SAFETY: passed on from the caller; turned around, the same elements are named.
    unsafe {
        if k == 0 {
            if !accumulate {
                (0..m).for_each(|row| out_row(out, row, n).fill(T::ZERO));
            }
            return;
        }
        match way {
            Way::TurnedAround => turned_around(size, out, accumulate, lhs, rhs),
            Way::Dots => by_dots(size, out, accumulate, lhs, rhs),
            Way::FewDots => by_few_dots(size, out, accumulate, lhs, rhs),
            Way::Tiles => by_tiles(size, out, accumulate, lhs, rhs),
        }
    }
}

/// How a product is computed.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    Tiles,
    TurnedAround,
    Dots,
    FewDots,
}

/// How products of so many rows and columns are computed, given the distances between rows and columns of the operands.
fn way<T: Real>([all_rows, all_cols]: [usize; 2], lhs: [usize; 2], rhs: [usize; 2]) -> Way {
    let narrow = 4 * all_cols < T::tile_size()[1];
    if narrow && all_rows > all_cols && lhs[0] == 1 {
        Way::TurnedAround
    } else if narrow && lhs[1] == 1 {
        Way::Dots
    } else if all_rows < DOTS && lhs[1] == 1 && rhs[0] == 1 && rhs[1] != 1 {
        Way::FewDots
    } else {
        Way::Tiles
    }
}

/// Whether sums are taken over the lanes of a vector and then across, instead of step by step.
pub(crate) fn sums_by_lanes<T: Real>(whole: [usize; 2], lhs: [usize; 2], rhs: [usize; 2]) -> bool {
    matches!(way::<T>(whole, lhs, rhs), Way::Dots | Way::FewDots)
}

/// Whether the right operand of a product is copied whole by every chunk of rows, so that cutting by columns is better.
pub(crate) fn copies_right(rhs_strides: [usize; 2]) -> bool {
    rhs_strides[1] != 1
}

/// # Safety
/// The row must be writable and nobody else's.
unsafe fn out_row<'a, T>(out: Raw<*mut T>, row: usize, n: usize) -> &'a mut [T] {
    // SAFETY: the caller's promise.
    unsafe { std::slice::from_raw_parts_mut(out.start.add(row * out.row_stride), n) }
}

/// A narrow result as the transpose of a wide one.
///
/// # Safety
/// As [`product`].
unsafe fn turned_around<T: Real>(
    [m, n, k]: [usize; 3],
    out: Raw<*mut T>,
    accumulate: bool,
    lhs: Raw<*const T>,
    rhs: Raw<*const T>,
) {
    T::with_scratch(m * n, |wide| {
        let target = Raw { start: wide.as_mut_ptr(), row_stride: m, col_stride: 1 };
        // SAFETY: the same elements as the caller vouches for; `wide` is as large as the result.
        unsafe {
            by_tiles([n, m, k], target, false, rhs.transposed(), lhs.transposed());
            for row in 0..m {
                for (col, out) in out_row(out, row, n).iter_mut().enumerate() {
                    let value = wide[col * m + row];
                    *out = if accumulate { *out + value } else { value };
                }
            }
        }
    });
}

/// A narrow result: the columns of the right operand, laid out one after the other, times rows of the left one.
///
/// # Safety
/// As [`product`]; the columns of `lhs` must follow each other.
unsafe fn by_dots<T: Real>(
    [m, n, k]: [usize; 3],
    out: Raw<*mut T>,
    accumulate: bool,
    lhs: Raw<*const T>,
    rhs: Raw<*const T>,
) {
    let copies = rhs.row_stride != 1;
    T::with_scratch(if copies { n * k } else { 0 }, |columns| {
        let mut rhs = rhs;
        if copies {
            for (col, column) in columns.chunks_exact_mut(k).enumerate() {
                for (inner, value) in column.iter_mut().enumerate() {
                    // SAFETY: an element of `rhs`.
                    *value = unsafe { *rhs.at(0, inner, col).start };
                }
            }
            rhs = Raw { start: columns.as_ptr(), row_stride: 1, col_stride: k };
        }
        for first in (0..m).step_by(DOTS) {
            let rows = DOTS.min(m - first);
            let many = std::array::from_fn(|row| lhs.at(0, first + row.min(rows - 1), 0).start);
            for col in 0..n {
                // SAFETY: rows of `lhs` and a column of `rhs`, `k` elements each; places of `out`.
                unsafe {
                    let dots = T::dots(many, rhs.at(0, 0, col).start, k);
                    for (row, dot) in dots.into_iter().enumerate().take(rows) {
                        put(out.start.add((first + row) * out.row_stride + col), dot, accumulate);
                    }
                }
            }
        }
    });
}

/// A result of few rows where the elements of each column of the right operand follow each other.
///
/// # Safety
/// As [`product`]; the columns of `lhs` and the rows of `rhs` must follow each other.
unsafe fn by_few_dots<T: Real>(
    [m, n, k]: [usize; 3],
    out: Raw<*mut T>,
    accumulate: bool,
    lhs: Raw<*const T>,
    rhs: Raw<*const T>,
) {
    for first in (0..n).step_by(DOTS) {
        let cols = DOTS.min(n - first);
        let many = std::array::from_fn(|col| rhs.at(0, 0, first + col.min(cols - 1)).start);
        for row in 0..m {
            // SAFETY: a row of `lhs` and columns of `rhs`, `k` elements each; places of `out`.
            unsafe {
                let dots = T::dots(many, lhs.at(0, row, 0).start, k);
                for (col, dot) in dots.into_iter().enumerate().take(cols) {
                    put(out.start.add(row * out.row_stride + first + col), dot, accumulate);
                }
            }
        }
    }
}

/// # Safety
/// The place must be writable and, to accumulate, hold a value.
#[inline]
unsafe fn put<T: Real>(place: *mut T, value: T, accumulate: bool) {
    // SAFETY: the caller's promise.
    unsafe { *place = if accumulate { *place + value } else { value } }
}

/// # Safety
/// As [`product`].
unsafe fn by_tiles<T: Real>(
    [m, n, k]: [usize; 3],
    out: Raw<*mut T>,
    accumulate: bool,
    lhs: Raw<*const T>,
    rhs: Raw<*const T>,
) {
    let [_, tile_cols] = T::tile_size();
    let right = Right::new::<T>([m, n], tile_cols, rhs);
    let left = Left::new::<T>(n, lhs);
    let most_steps = k.min(DEPTH);
    let copied_cols = group::<T>(most_steps).min(n.next_multiple_of(tile_cols));
    let (cols, copied) = if right == Right::InPlace { (n, 0) } else { (copied_cols, copied_cols * most_steps) };
    T::with_scratch(left.length(m, most_steps), |block| {
        T::with_scratch(copied, |panels| {
            for depth in (0..k).step_by(DEPTH) {
                let steps = DEPTH.min(k - depth);
                // SAFETY: these steps of `lhs` are among those that the caller vouches for.
                let lhs = unsafe { left.block(lhs.at(0, 0, depth), [m, steps], block) };
                for col in (0..n).step_by(cols) {
                    let width = cols.min(n - col);
                    let mut rhs = Columns { first: rhs.at(0, depth, col), distance: tile_cols };
                    let out = Raw { start: out.start.wrapping_add(col), ..out };
                    // SAFETY: rows, columns and steps are within the sizes that the caller vouches for, or in the copies
                    // just made of them.
                    unsafe {
                        if right != Right::InPlace {
                            right.copy(rhs.first, [steps, width], tile_cols, panels);
                            rhs = Columns::copied(panels, steps, tile_cols);
                        }
                        tiles([m, width, steps], out, accumulate || depth > 0, lhs, rhs);
                    }
                }
            }
        });
    });
}

/// Columns of so many steps that stay in a second-level cache.
pub(crate) fn group<T: Real>(steps: usize) -> usize {
    const BYTES: usize = 256 << 10;
    let tile_cols = T::tile_size()[1];
    (BYTES / size_of::<T>() / steps.max(1) / tile_cols).max(1) * tile_cols
}

/// The right operand as tiles read it: columns of one tile follow each other.
#[derive(Clone, Copy)]
pub(crate) struct Columns<T> {
    /// The columns of the first tile.
    first: Raw<*const T>,
    /// From the columns of one tile to those of the next.
    distance: usize,
}

impl<T> Columns<T> {
    /// Copies, each of so many steps, one after the other.
    pub(crate) fn copied(panels: &[T], steps: usize, tile_cols: usize) -> Self {
        let first = Raw { start: panels.as_ptr(), row_stride: tile_cols, col_stride: 1 };
        Self { first, distance: steps * tile_cols }
    }
}

/// Rows times columns, tile by tile: a tile's rows stay in a first-level cache while a group of columns, in a second-level one,
/// passes by. So rows are read and results are written once a group, in the order of memory.
///
/// # Safety
/// As [`product`].
pub(crate) unsafe fn tiles<T: Real>(
    [m, n, steps]: [usize; 3],
    out: Raw<*mut T>,
    accumulate: bool,
    lhs: Raw<*const T>,
    rhs: Columns<T>,
) {
    let [most_rows, tile_cols] = T::tile_size();
    let rows = m.div_ceil(m.div_ceil(most_rows));
    let group = group::<T>(steps);
    // Columns of neighbouring tiles are neighbours.
    let row_widths = (m == 1 && rhs.distance == tile_cols).then(T::row_widths);
    for first in (0..n).step_by(group) {
        let last = n.min(first + group);
        let share = rows.div_ceil((last - first).div_ceil(tile_cols));
        for row in (0..m).step_by(rows) {
            // Each tile asks for some of the next rows.
            let mut next = row + rows..m.min(row + 2 * rows);
            let mut col = first;
            while col < last {
                let fits = row_widths.into_iter().flatten().find(|width| *width <= last - col);
                let cols = fits.unwrap_or(tile_cols);
                if lhs.col_stride == 1 {
                    next.by_ref().take(share).for_each(|row| prefetch_lines(lhs.at(0, row, 0).start, steps));
                }
                // SAFETY: rows and columns within the sizes that the caller vouches for; the size is a tile's.
                unsafe {
                    T::compute(&Tile {
                        x: lhs.at(0, row, 0).start,
                        x_row: lhs.row_stride,
                        runs: &[0],
                        run: [steps, lhs.col_stride],
                        v: rhs.first.at(col / tile_cols * rhs.distance, 0, 0).start,
                        v_step: rhs.first.row_stride,
                        out: out.start.add(row * out.row_stride + col),
                        out_row: out.row_stride,
                        size: [rows.min(m - row), cols.min(n - col)],
                        accumulate,
                    });
                }
                col += cols;
            }
        }
    }
}
