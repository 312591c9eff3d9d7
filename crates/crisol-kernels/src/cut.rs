//! How a product is cut into chunks that threads take, as a function of its shape alone.

use crate::product::copies_right;

/// An inner axis shorter than this is not cut because it is long.
const LONG_DEPTH: usize = 4096;
/// Rows up to which a right operand is large beside the left one and the result.
const OWNED_ROWS: usize = 64;
/// The same for the elements and the rows of the right operand.
const OWNED_ELEMENTS: usize = 40 << 10;
const OWNED_DEPTH: usize = 512;
/// Products of fewer multiplications than this are not worth waking anyone for.
const INLINE: usize = 32 << 10;
/// Multiplications that make a block worth its dispatch.
const BLOCK_WORK: usize = 1 << 19;
/// Multiplications that make up for a copy of the right operand.
const PANELS_WORK: usize = 1 << 23;
/// Fewer rows than this do not make up for it.
const PANELS_ROWS: usize = 128;
/// More blocks than this are not needed to feed the threads; only the longest matrices have more.
const MAX_BLOCKS: usize = 16;
/// Fewer blocks of rows than this are made equally long, so that threads end together.
const EVEN_BLOCKS: usize = 8;
/// Elements of a right operand that no second-level cache holds.
const FAR_ELEMENTS: usize = 1 << 19;
/// The longest block: with its rows of the output still in cache for the epilogue.
const MAX_ROWS: usize = 504;
/// Rows of a block that read a panel too seldom to be worth a block of their own.
const FEW_ROWS: usize = 48;
/// Elements that all partial products may take together.
const PARTIALS: usize = 1 << 21;
/// Blocks are multiples of the rows (6) and the columns (64) of the inner kernel's tile, unless they are few.
const ROW_TILE: usize = 12;
const COL_TILE: usize = 64;

/// How a product is cut into chunks, as a function of its shape.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Cut {
    /// Whole products that one chunk computes when they are small.
    pub(crate) group: usize,
    pub(crate) rows: usize,
    pub(crate) cols: usize,
    /// Parts of the inner axis.
    pub(crate) parts: usize,
    /// Whether the right operand is copied into panels first.
    pub(crate) panels: bool,
}

impl Cut {
    /// For some rows of a product that has `all_rows` of them.
    pub(crate) fn new(batch: usize, all_rows: usize, [m, n, k]: [usize; 3], rhs_strides: [usize; 2]) -> Self {
        let work = m.saturating_mul(n).saturating_mul(k);
        let whole = Self { group: 1, rows: m.max(1), cols: n.max(1), parts: 1, panels: false };
        if work <= BLOCK_WORK {
            return match work.saturating_mul(batch) {
                0..INLINE => Self { group: batch.max(1), ..whole },
                _ if batch == 1 => whole.halved(work, m),
                _ => Self { group: (BLOCK_WORK / work.max(1)).clamp(1, batch), ..whole },
            };
        }
        let parts = if batch == 1 { parts([all_rows, n, k]) } else { 1 };
        if parts > 1 {
            return Self { parts, ..whole };
        }
        if work >= PANELS_WORK && m >= PANELS_ROWS && n >= COL_TILE {
            return Self { rows: panel_rows(m), panels: true, ..whole };
        }
        // With a long batch each product may be one block.
        let wanted = prev_power_of_two(work / BLOCK_WORK).min(MAX_BLOCKS.div_ceil(batch));
        let far = k.saturating_mul(n) >= FAR_ELEMENTS && n >= wanted * COL_TILE;
        if (copies_right(rhs_strides) || far) && m <= MAX_ROWS / 2 {
            // Every block of rows would copy the right operand, or fetch it from afar, anew.
            let cols = n.div_ceil(wanted.min((n / COL_TILE).max(1))).next_multiple_of(COL_TILE / 2).min(n);
            return Self { cols, ..whole };
        }
        let by_rows = wanted.min(prev_power_of_two(m / ROW_TILE));
        let even = m.div_ceil(by_rows);
        let tiled = if by_rows > 1 { even.next_multiple_of(ROW_TILE) } else { m };
        let rows = if m.div_ceil(tiled) < EVEN_BLOCKS { even } else { tiled };
        let rows = rows.min(MAX_ROWS);
        let by_cols = (wanted / m.div_ceil(rows)).clamp(1, prev_power_of_two(n / COL_TILE));
        let cols = if by_cols > 1 { n.div_ceil(by_cols).next_multiple_of(COL_TILE) } else { n };
        Self { rows, cols, ..whole }
    }

    /// Two blocks for a product that is small but not tiny.
    fn halved(self, work: usize, m: usize) -> Self {
        if work < BLOCK_WORK / 4 || m < 2 * ROW_TILE {
            return self;
        }
        Self { rows: m.div_ceil(2).next_multiple_of(ROW_TILE), ..self }
    }
}

/// Whether a product of sizes [m, n, k] sums its inner axis in one go, so that some of its rows can be computed alone.
///
/// ```
/// use crisol_kernels::sums_at_once;
///
/// assert!(sums_at_once([64, 64, 64]));
/// // Few rows times many weights: each thread sums over weights of its own.
/// assert!(!sums_at_once([32, 300, 784]));
/// ```
pub fn sums_at_once(size: [usize; 3]) -> bool {
    parts(size) == 1
}

/// In how many parts a product sums its inner axis, a function of the whole product's shape.
///
/// A long axis is cut because there is nothing else to cut. One of a few rows times a large right operand, as weights are, is cut so that
/// each of two threads reads a part of the weights that is its own from step to step: that it has updated itself, see [`crate::parallel_for`]. Cut by
/// rows of the result, every thread would read all weights, the others' from caches that are far away.
pub(crate) fn parts([m, n, k]: [usize; 3]) -> usize {
    let work = m.saturating_mul(n).saturating_mul(k);
    if work <= BLOCK_WORK {
        return 1;
    }
    if k >= LONG_DEPTH && m * n <= 1 << 18 && k >= 8 * m.max(n) {
        let most = MAX_BLOCKS.min(PARTIALS / (m * n));
        return (work / (4 * BLOCK_WORK)).clamp(1, most);
    }
    if m <= OWNED_ROWS && k >= OWNED_DEPTH && n * k >= OWNED_ELEMENTS {
        // Partial products take less than the weights.
        let most = (k / (2 * m)).min(PARTIALS / (m * n)).min(MAX_BLOCKS);
        return prev_power_of_two((work / BLOCK_WORK).min(most));
    }
    1
}

/// The rows of a block where the right operand is in panels: all blocks have equally many, so that threads end together, which is
/// worth a tile of the rest in each of them; the left operand of a block fits into a second-level cache.
fn panel_rows(m: usize) -> usize {
    let most = MAX_BLOCKS / 2;
    let blocks = if m < most * FEW_ROWS { most / 2 } else { most };
    m.div_ceil(blocks.max(m.div_ceil(MAX_ROWS / 2)))
}

fn prev_power_of_two(value: usize) -> usize {
    value.checked_ilog2().map_or(1, |exponent| 1 << exponent)
}
