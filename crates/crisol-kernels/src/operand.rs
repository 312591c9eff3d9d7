//! How tiles read the operands of a product: where they are, or from a copy that suits a cache.

use crate::real::{Raw, Real};
use crate::tile::prefetch;

/// Right operands with rows at least this far apart (in bytes) are copied panel by panel: otherwise their rows would fall on the
/// same few places of the cache.
const FAR: usize = 512;
/// Fewer rows than this do not pay for a copy.
const COPY_ROWS: usize = 48;
/// Fewer columns than this do not pay for a copy of the left operand.
const COPY_COLS: usize = 96;

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
    pub(crate) fn new<T>([m, n]: [usize; 2], tile_cols: usize, rhs: Raw<*const T>) -> Self {
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

    /// Copies some steps of some columns into panels: those of one tile's columns after those of another, step by step.
    ///
    /// # Safety
    /// The elements that `size` names must be readable.
    pub(crate) unsafe fn copy<T: Real>(
        self,
        rhs: Raw<*const T>,
        [steps, width]: [usize; 2],
        tile_cols: usize,
        panels: &mut [T],
    ) {
        let length = steps * tile_cols;
        assert!(width.div_ceil(tile_cols) * length <= panels.len(), "panels too short");
        if self == Self::Copied {
            // Row by row across all panels: memory is read in its order.
            for step in 0..steps {
                // SAFETY: the step's row, of `width`; its places in the panels, whose length was checked.
                unsafe {
                    let from = rhs.at(0, step, 0).start;
                    for col in (0..width).step_by(tile_cols) {
                        let to = panels.as_mut_ptr().add(col / tile_cols * length + step * tile_cols);
                        prefetch_lines(rhs.at(0, step + AHEAD, col).start, tile_cols);
                        if width - col >= tile_cols {
                            copy_whole(from.add(col), to, tile_cols);
                        } else {
                            to.copy_from_nonoverlapping(from.add(col), width - col);
                        }
                    }
                }
            }
            return;
        }
        for (panel, to) in panels.chunks_exact_mut(length).take(width.div_ceil(tile_cols)).enumerate() {
            let rhs = rhs.at(0, 0, panel * tile_cols);
            let width = tile_cols.min(width - panel * tile_cols);
            // SAFETY: columns of `steps` and single elements are those that the caller vouches for.
            unsafe {
                if self == Self::Turned {
                    let columns = std::slice::from_raw_parts(rhs.start, (width - 1) * rhs.col_stride + steps);
                    turn(columns, [width, steps], rhs.col_stride, to, tile_cols);
                    continue;
                }
                for (step, row) in to.chunks_exact_mut(tile_cols).enumerate() {
                    for (col, value) in row[..width].iter_mut().enumerate() {
                        *value = *rhs.at(0, step, col).start;
                    }
                }
            }
        }
    }
}

/// Steps whose rows are asked for before they are copied: rows lie far from each other, where the processor does not look by itself.
const AHEAD: usize = 6;

/// Asks for the cache lines of `count` elements.
#[inline(always)]
pub(crate) fn prefetch_lines<T>(start: *const T, count: usize) {
    for place in (0..count).step_by((64 / size_of::<T>().max(1)).max(1)) {
        prefetch(start.wrapping_add(place));
    }
}

/// Copies a tile's columns of one step: whole vectors of 32 bytes, without a call.
///
/// # Safety
/// `count` elements must be readable and writable; they must not overlap.
#[inline(always)]
unsafe fn copy_whole<T>(from: *const T, to: *mut T, count: usize) {
    let (from, to) = (from.cast::<[u64; 4]>(), to.cast::<[u64; 4]>());
    for index in 0..count * size_of::<T>() / 32 {
        // SAFETY: the caller's promise; a tile's columns are two vectors of at least 16 bytes.
        unsafe { to.add(index).write_unaligned(from.add(index).read_unaligned()) };
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
            if matches!(self, Self::BySteps) {
                prefetch_lines(lhs.at(0, 0, step + AHEAD).start, length);
            }
            to[..length].copy_from_slice(from);
        }
        let (row_stride, col_stride) = if matches!(self, Self::ByRows) { (pitch, 1) } else { (1, pitch) };
        Raw { start: block.as_ptr(), row_stride, col_stride }
    }
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
