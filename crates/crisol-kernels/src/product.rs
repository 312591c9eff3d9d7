//! The product of two matrices on one thread: register tiles over blocks that stay in cache; scalar products where the result is
//! narrow.

use crate::real::{Raw, Real};
use crate::tile::{DOTS, Tile};

/// Steps of the inner axis that one pass of tiles sums: a panel of the right operand this deep stays in a first-level cache.
pub(crate) const DEPTH: usize = 256;
/// Right operands with rows at least this far apart (in bytes) are copied panel by panel: otherwise their rows would fall on the
/// same few places of the cache.
const FAR: usize = 512;
/// Fewer rows than this do not pay for a copy.
const COPY_ROWS: usize = 48;
/// Fewer columns than this do not pay for a copy of the left operand.
const COPY_COLS: usize = 96;

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

/// `to = from` with rows and columns exchanged: `from` has `rows` rows of `cols` that start `pitch` apart, those of `to` start
/// `to_pitch` apart.
pub(crate) fn turn<T: Real>(from: &[T], [rows, cols]: [usize; 2], pitch: usize, to: &mut [T], to_pitch: usize) {
    /// Rows and columns exchanged in registers.
    const SIDE: usize = 4;
    if rows == 0 || cols == 0 {
        return;
    }
    assert!((rows - 1) * pitch + cols <= from.len() && (cols - 1) * to_pitch + rows <= to.len(), "too few elements");
    let (from, to) = (from.as_ptr(), to.as_mut_ptr());
    let whole = [rows / SIDE * SIDE, cols / SIDE * SIDE];
    // SAFETY: all places are those of an element below `rows` and `cols`, whose last was checked above; the two slices do not
    // overlap.
    unsafe {
        for col in (0..whole[1]).step_by(SIDE) {
            for row in (0..whole[0]).step_by(SIDE) {
                let square: [[T; SIDE]; SIDE] = std::array::from_fn(|index| {
                    from.add((row + index) * pitch + col).cast::<[T; SIDE]>().read_unaligned()
                });
                let turned: [[T; SIDE]; SIDE] =
                    std::array::from_fn(|index| std::array::from_fn(|other| square[other][index]));
                for (index, turned) in turned.into_iter().enumerate() {
                    to.add((col + index) * to_pitch + row).cast::<[T; SIDE]>().write_unaligned(turned);
                }
            }
        }
        for row in 0..rows {
            for col in if row < whole[0] { whole[1] } else { 0 }..cols {
                *to.add(col * to_pitch + row) = *from.add(row * pitch + col);
            }
        }
    }
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
    T::with_scratch(left.length(m, k.min(DEPTH)), |block| {
        T::with_scratch(if right == Right::InPlace { 0 } else { k.min(DEPTH) * tile_cols }, |panel| {
            for depth in (0..k).step_by(DEPTH) {
                let steps = DEPTH.min(k - depth);
                // SAFETY: these steps of `lhs` are among those that the caller vouches for.
                let lhs = unsafe { left.block(lhs.at(0, 0, depth), [m, steps], block) };
                for col in (0..n).step_by(tile_cols) {
                    let width = tile_cols.min(n - col);
                    // SAFETY: these steps and columns of `rhs` are among those that the caller vouches for.
                    let rhs = unsafe { right.panel(rhs.at(0, depth, col), [steps, width], tile_cols, panel) };
                    let out = Raw { start: out.start.wrapping_add(col), ..out };
                    // SAFETY: rows, columns and steps are within the sizes that the caller vouches for, or in the copies just
                    // made of them.
                    unsafe { tiles([m, width, steps], out, accumulate || depth > 0, lhs, rhs) };
                }
            }
        });
    });
}

/// All rows of one tile's columns; the right operand's columns follow each other.
///
/// # Safety
/// As [`product`]; there must be no more columns than a tile has.
#[inline]
pub(crate) unsafe fn tiles<T: Real>(
    [m, width, steps]: [usize; 3],
    out: Raw<*mut T>,
    accumulate: bool,
    lhs: Raw<*const T>,
    rhs: Raw<*const T>,
) {
    let rows = m.div_ceil(m.div_ceil(T::tile_size()[0]));
    for row in (0..m).step_by(rows) {
        // SAFETY: rows within the sizes that the caller vouches for; the size is a tile's.
        unsafe {
            T::compute(&Tile {
                x: lhs.at(0, row, 0).start,
                x_row: lhs.row_stride,
                runs: &[0],
                run: [steps, lhs.col_stride],
                v: rhs.start,
                v_step: rhs.row_stride,
                out: out.start.add(row * out.row_stride),
                out_row: out.row_stride,
                size: [rows.min(m - row), width],
                accumulate,
            });
        }
    }
}

/// How tiles read the right operand.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Right {
    InPlace,
    /// Copied panel by panel, row by row.
    Copied,
    /// Copied with rows and columns exchanged.
    Turned,
    /// Copied element by element.
    Gathered,
}

impl Right {
    fn new<T>([m, n]: [usize; 2], tile_cols: usize, rhs: Raw<*const T>) -> Self {
        match (rhs.row_stride, rhs.col_stride) {
            (row_stride, 1) if n > tile_cols && m >= COPY_ROWS && row_stride * size_of::<T>() >= FAR => Self::Copied,
            (_, 1) => Self::InPlace,
            _ if n == 1 => Self::InPlace,
            (1, _) => Self::Turned,
            _ => Self::Gathered,
        }
    }

    /// How to copy it, where that is the way in any case.
    pub(crate) fn copied<T>(rhs: Raw<*const T>) -> Self {
        match (rhs.row_stride, rhs.col_stride) {
            (_, 1) => Self::Copied,
            (1, _) => Self::Turned,
            _ => Self::Gathered,
        }
    }

    /// A panel of the operand as tiles shall read it, copied into `panel` where that is the way.
    ///
    /// # Safety
    /// The elements that `size` names must be readable.
    pub(crate) unsafe fn panel<T: Real>(
        self,
        rhs: Raw<*const T>,
        [steps, width]: [usize; 2],
        tile_cols: usize,
        panel: &mut [T],
    ) -> Raw<*const T> {
        // SAFETY: rows of `width`, columns of `steps` and single elements are those that the caller vouches for.
        unsafe {
            match self {
                Self::InPlace => return rhs,
                Self::Copied => {
                    for (step, row) in panel.chunks_exact_mut(tile_cols).take(steps).enumerate() {
                        let from = std::slice::from_raw_parts(rhs.at(0, step, 0).start, width);
                        row[..width].copy_from_slice(from);
                    }
                }
                Self::Turned => {
                    let columns = std::slice::from_raw_parts(rhs.start, (width - 1) * rhs.col_stride + steps);
                    turn(columns, [width, steps], rhs.col_stride, panel, tile_cols);
                }
                Self::Gathered => {
                    for (step, row) in panel.chunks_exact_mut(tile_cols).take(steps).enumerate() {
                        for (col, value) in row[..width].iter_mut().enumerate() {
                            *value = *rhs.at(0, step, col).start;
                        }
                    }
                }
            }
        }
        Raw { start: panel.as_ptr(), row_stride: tile_cols, col_stride: 1 }
    }
}

/// How tiles read the left operand.
#[derive(Clone, Copy)]
pub(crate) enum Left {
    InPlace,
    /// Copied, each row's steps side by side.
    ByRows,
    /// Copied, each step's rows side by side.
    BySteps,
}

impl Left {
    /// Steps that lie between two rows of a copy besides its own, so that rows fall on different places of the cache.
    const GAP: usize = 16;

    /// The way for a product of `n` columns.
    pub(crate) fn new<T>(n: usize, lhs: Raw<*const T>) -> Self {
        match (n >= COPY_COLS, lhs.row_stride, lhs.col_stride) {
            (true, stride, 1) if stride * size_of::<T>() >= 4 * FAR => Self::ByRows,
            (true, 1, stride) if stride * size_of::<T>() >= 2 * FAR => Self::BySteps,
            _ => Self::InPlace,
        }
    }

    /// Elements of a copy of `m` rows of `steps`.
    pub(crate) fn length(self, m: usize, steps: usize) -> usize {
        match self {
            Self::InPlace => 0,
            Self::ByRows => m * (steps + Self::GAP),
            Self::BySteps => (m + Self::GAP) * steps,
        }
    }

    /// The operand as tiles shall read it, copied into `block` where that is the way.
    ///
    /// # Safety
    /// The elements that `size` names must be readable.
    pub(crate) unsafe fn block<T: Real>(
        self,
        lhs: Raw<*const T>,
        [m, steps]: [usize; 2],
        block: &mut [T],
    ) -> Raw<*const T> {
        let (length, count) = match self {
            Self::InPlace => return lhs,
            Self::ByRows => (steps, m),
            Self::BySteps => (m, steps),
        };
        let pitch = length + Self::GAP;
        for (index, to) in block.chunks_exact_mut(pitch).take(count).enumerate() {
            let (row, step) = if matches!(self, Self::ByRows) { (index, 0) } else { (0, index) };
            // SAFETY: a row's steps, or a step's rows, which lie side by side in `lhs`.
            let from = unsafe { std::slice::from_raw_parts(lhs.at(0, row, step).start, length) };
            to[..length].copy_from_slice(from);
        }
        let (row_stride, col_stride) = if matches!(self, Self::ByRows) { (pitch, 1) } else { (1, pitch) };
        Raw { start: block.as_ptr(), row_stride, col_stride }
    }
}
