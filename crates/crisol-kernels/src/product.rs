//! The product of two matrices on one thread: register tiles where they serve, the `gemm` library elsewhere.

use crate::real::{Raw, Real};
use crate::tile::{TILE_ROWS, Tile};

/// Steps of the inner axis that one pass of tiles sums: a panel of the right operand this deep stays in a first-level cache.
const DEPTH: usize = 256;
/// Right operands with rows at least this far apart (in bytes) are copied panel by panel: otherwise their rows would fall on the
/// same few places of the cache.
const FAR: usize = 512;
/// Fewer rows than this do not pay for a copy.
const COPY_ROWS: usize = 48;
/// Fewer columns than this do not pay for a copy of the left operand.
const COPY_COLS: usize = 96;
/// Fewer columns than this leave most of a vector unused.
const MIN_COLS: usize = 8;

/// `out = [out +] lhs @ rhs` on the calling thread; sizes are [m, n, k].
///
/// # Safety
/// Every element that the sizes and strides name must be readable (operands) or writable and unaliased (`out`); `out` must hold
/// values when `accumulate` is set.
pub(crate) unsafe fn product<T: Real>(
    size: [usize; 3],
    out: Raw<*mut T>,
    accumulate: bool,
    lhs: Raw<*const T>,
    rhs: Raw<*const T>,
) {
    let [m, n, k] = size;
    let tiled = m > 0 && n >= MIN_COLS && k > 0 && rhs.col_stride == 1 && out.col_stride == 1;
    // SAFETY: passed on from the caller.
    unsafe {
        match T::tile_channels() {
            Some(cols) if tiled => by_tiles(size, cols, out, accumulate, lhs, rhs),
            _ => T::product(size, out, accumulate, lhs, rhs),
        }
    }
}

/// Whether a right operand of [k, n] whose columns are contiguous is better turned into one whose rows are, because `m` rows meet
/// it and tiles want it so.
pub(crate) fn should_turn<T: Real>([m, n, k]: [usize; 3], rhs: Raw<*const T>) -> bool {
    /// Elements that may be copied.
    const LARGEST: usize = 1 << 20;
    let strided = rhs.row_stride == 1 && rhs.col_stride != 1;
    strided && m >= COPY_ROWS && n >= MIN_COLS && n.saturating_mul(k) <= LARGEST && T::tile_channels().is_some()
}

/// Copies `from`, `rows` rows of `cols` that start `pitch` apart, to `to`, [cols, rows] without gaps.
pub(crate) fn turn<T: Real>(from: &[T], [rows, cols]: [usize; 2], pitch: usize, to: &mut [T]) {
    /// Columns gone through together: so many lines of the target stay in cache while they fill.
    const BAND: usize = 16;
    for first in (0..cols).step_by(BAND) {
        let band = first..(first + BAND).min(cols);
        for row in 0..rows {
            let values = &from[row * pitch..][band.clone()];
            for (col, &value) in band.clone().zip(values) {
                to[col * rows + row] = value;
            }
        }
    }
}

/// # Safety
/// As [`product`], with rows of `rhs` and `out` contiguous and `cols` given by `tile_channels`.
unsafe fn by_tiles<T: Real>(
    [m, n, k]: [usize; 3],
    cols: usize,
    out: Raw<*mut T>,
    accumulate: bool,
    lhs: Raw<*const T>,
    rhs: Raw<*const T>,
) {
    let copies = n > cols && m >= COPY_ROWS && rhs.row_stride * size_of::<T>() >= FAR;
    let rows = m.div_ceil(m.div_ceil(TILE_ROWS));
    let left = Left::new::<T>(n >= COPY_COLS, lhs);
    T::with_scratch(left.length(m, k.min(DEPTH)), |block| {
        T::with_scratch(if copies { DEPTH * cols } else { 0 }, |panel| {
            for depth in (0..k).step_by(DEPTH) {
                let steps = DEPTH.min(k - depth);
                // SAFETY: these steps of `lhs` are among those that the caller vouches for.
                let lhs = unsafe { left.block(lhs.at(0, 0, depth), [m, steps], block) };
                for col in (0..n).step_by(cols) {
                    let width = cols.min(n - col);
                    let mut right = Raw { start: rhs.at(0, depth, col).start, ..rhs };
                    if copies {
                        for (step, row) in panel.chunks_exact_mut(cols).take(steps).enumerate() {
                            // SAFETY: row `depth + step` of `rhs`, from `col` on, has `width` elements.
                            let from = unsafe { std::slice::from_raw_parts(right.at(0, step, 0).start, width) };
                            row[..width].copy_from_slice(from);
                        }
                        right = Raw { start: panel.as_ptr(), row_stride: cols, col_stride: 1 };
                    }
                    for row in (0..m).step_by(rows) {
                        // SAFETY: rows, columns and steps are within the sizes that the caller vouches for, or in the copies
                        // just made of them; the size is a tile's.
                        unsafe {
                            T::compute(&Tile {
                                x: lhs.at(0, row, 0).start,
                                x_row: lhs.row_stride,
                                runs: &[0],
                                run: [steps, lhs.col_stride],
                                v: right.start,
                                v_step: right.row_stride,
                                out: out.start.add(row * out.row_stride + col),
                                out_row: out.row_stride,
                                size: [rows.min(m - row), width],
                                accumulate: accumulate || depth > 0,
                            });
                        }
                    }
                }
            }
        });
    });
}

/// How tiles read the left operand.
#[derive(Clone, Copy)]
enum Left {
    InPlace,
    /// Copied, each row's steps side by side.
    ByRows,
    /// Copied, each step's rows side by side.
    BySteps,
}

impl Left {
    /// Steps that lie between two rows of a copy besides its own, so that rows fall on different places of the cache.
    const GAP: usize = 16;

    fn new<T>(reused: bool, lhs: Raw<*const T>) -> Self {
        match (reused, lhs.row_stride, lhs.col_stride) {
            (true, stride, 1) if stride * size_of::<T>() >= 4 * FAR => Self::ByRows,
            (true, 1, stride) if stride * size_of::<T>() >= 2 * FAR => Self::BySteps,
            _ => Self::InPlace,
        }
    }

    /// Elements of a copy of `m` rows of `steps`.
    fn length(self, m: usize, steps: usize) -> usize {
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
    unsafe fn block<T: Real>(self, lhs: Raw<*const T>, [m, steps]: [usize; 2], block: &mut [T]) -> Raw<*const T> {
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
