//! The product of two matrices on one thread: register tiles where they serve, the `gemm` library elsewhere.

use crate::real::{Raw, Real};
use crate::tile::{TILE_ROWS, Tile};

/// Steps of the inner axis that one pass of tiles sums: a panel of the right operand this deep stays in a first-level cache.
const DEPTH: usize = 256;
/// Right operands with rows at least this far apart (in bytes) are copied panel by panel: otherwise their rows would fall on the
/// same few places of the cache.
const FAR: usize = 1024;
/// Fewer rows than this do not pay for a copy.
const COPY_ROWS: usize = 48;
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
    T::with_scratch(if copies { DEPTH * cols } else { 0 }, |panel| {
        for depth in (0..k).step_by(DEPTH) {
            let steps = DEPTH.min(k - depth);
            for col in (0..n).step_by(cols) {
                let width = cols.min(n - col);
                let mut right = Raw {
                    start: rhs.at(0, depth, col).start,
                    ..rhs
                };
                if copies {
                    for (step, row) in panel.chunks_exact_mut(cols).take(steps).enumerate() {
                        // SAFETY: row `depth + step` of `rhs`, from `col` on, has `width` elements.
                        let from = unsafe {
                            std::slice::from_raw_parts(right.at(0, step, 0).start, width)
                        };
                        row[..width].copy_from_slice(from);
                    }
                    right = Raw {
                        start: panel.as_ptr(),
                        row_stride: cols,
                        col_stride: 1,
                    };
                }
                for row in (0..m).step_by(rows) {
                    // SAFETY: rows, columns and steps are within the sizes that the caller vouches for; the size is a tile's.
                    unsafe {
                        T::compute(&Tile {
                            x: lhs.at(0, row, depth).start,
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
}
