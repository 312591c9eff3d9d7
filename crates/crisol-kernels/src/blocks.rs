//! How the rows of a result are cut into the blocks that an epilogue sees.

use std::ops::Range;

/// A cut of rows into blocks: some segments of equally many rows, each cut on its own into blocks of one size and a rest.
///
/// It depends on shape and processor alone, never on the number of threads. Block `index` is the place of its partial results.
///
/// ```
/// use crisol_kernels::matmul_blocks;
///
/// let blocks = matmul_blocks(1, [1000, 64, 300], [0, 300, 1], [0, 64, 1]);
/// let rows: usize = (0..blocks.count()).map(|block| blocks.rows(block).len()).sum();
/// assert_eq!(rows, 1000);
/// assert_eq!(blocks.index(blocks.rows(1).start), 1);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowBlocks {
    segments: usize,
    rows: usize,
    block: usize,
}

impl RowBlocks {
    pub(crate) fn new(segments: usize, rows: usize, block: usize) -> Self {
        Self { segments, rows, block }
    }

    /// Number of blocks.
    pub fn count(&self) -> usize {
        self.segments * self.rows.div_ceil(self.block)
    }

    /// The longest block.
    pub fn longest(&self) -> usize {
        self.block.min(self.rows)
    }

    /// The rows of a block, counted through all segments.
    #[inline]
    pub fn rows(&self, index: usize) -> Range<usize> {
        let blocks = self.rows.div_ceil(self.block);
        let (segment, block) = (index / blocks, index % blocks);
        let start = block * self.block;
        segment * self.rows + start..segment * self.rows + (start + self.block).min(self.rows)
    }

    /// The block that a row is in.
    #[inline]
    pub fn index(&self, row: usize) -> usize {
        row / self.rows * self.rows.div_ceil(self.block) + row % self.rows / self.block
    }
}
