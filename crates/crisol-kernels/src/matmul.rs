//! Matrix products: blocks of rows whose size depends on shape alone, each computed by one thread.

use crate::blocks::RowBlocks;
use crate::cut::{Cut, sums_at_once};
use crate::denormals::FlushDenormals;
use crate::error::{GeometryError, check_length, checked_product};
use crate::matrix::Matrix;
use crate::panels::Panels;
use crate::pool::parallel_for;
use crate::product::product;
use crate::real::{Raw, Real};
use crate::shared::SharedSlice;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Called with each finished block of rows: their numbers (counted through the batch) and their elements.
pub type Epilogue<'a, T> = &'a (dyn Fn(Range<usize>, &mut [T]) + Sync);

/// `out = lhs @ rhs`, or `out += lhs @ rhs` when `accumulate` is set.
///
/// `lhs` is [m, k], `rhs` is [k, n], `out` is [m, n] with rows that follow each other. `epilogue` sees every row once,
/// in blocks that depend on shape alone, while they are in cache. The bits do not depend on the number of threads.
///
/// # Errors
/// When sizes do not fit.
///
/// ```
/// use crisol_kernels::{Matrix, matmul};
///
/// let lhs = Matrix::row_major(&[1.0_f32, 2.0, 3.0, 4.0], 2, 2)?;
/// let mut out = [0.0; 4];
/// matmul(lhs, lhs.transposed(), &mut out, false, Some(&|_rows, block| {
///     for value in block { *value += 0.5; }
/// }))?;
/// assert_eq!(out, [5.5, 11.5, 11.5, 25.5]);
/// # Ok::<(), crisol_kernels::GeometryError>(())
/// ```
pub fn matmul<T: Real>(
    lhs: Matrix<'_, T>,
    rhs: Matrix<'_, T>,
    out: &mut [T],
    accumulate: bool,
    epilogue: Option<Epilogue<'_, T>>,
) -> Result<(), GeometryError> {
    matmul_batched(1, (lhs, 0), (rhs, 0), out, accumulate, epilogue)
}

/// `batch` products at once; each operand comes with the distance, in elements, between its matrices.
///
/// A distance of zero uses one matrix for all of the batch. `out` is [batch, m, n], contiguous. See [`matmul`].
///
/// # Errors
/// When sizes do not fit.
pub fn matmul_batched<T: Real>(
    batch: usize,
    lhs: (Matrix<'_, T>, usize),
    rhs: (Matrix<'_, T>, usize),
    out: &mut [T],
    accumulate: bool,
    epilogue: Option<Epilogue<'_, T>>,
) -> Result<(), GeometryError> {
    let mut call = Call::new(batch, lhs, rhs, out, accumulate, epilogue)?;
    if merges(batch, call.size[0], [lhs.1, lhs.0.row_stride(), 0], [rhs.1, 0, 0]) {
        call.size[0] *= batch;
        call.all_rows = call.size[0];
        call.batch = 1;
    }
    call.run(out);
    Ok(())
}

/// Some rows of a product of `all_rows` rows that [`sums_at_once`], with the bits that they have in it.
///
/// # Errors
/// When sizes do not fit, or the product is summed in parts.
pub fn matmul_rows<T: Real>(
    all_rows: usize,
    lhs: Matrix<'_, T>,
    rhs: Matrix<'_, T>,
    out: &mut [T],
) -> Result<(), GeometryError> {
    if lhs.rows() > all_rows || !sums_at_once([all_rows, rhs.cols(), lhs.cols()]) {
        let (rows, cols, depth) = (lhs.rows(), rhs.cols(), lhs.cols());
        return Err(GeometryError::new(format!(
            "{rows} rows of a product [{all_rows}, {depth}] x [{depth}, {cols}]: at most all, and of one that is summed at once"
        )));
    }
    Call { all_rows, ..Call::new(1, (lhs, 0), (rhs, 0), out, false, None)? }.run(out);
    Ok(())
}

/// How [`matmul_batched`] cuts `batch` products of [m, k] x [k, n] into the blocks that its epilogue sees.
///
/// The operands are given by the distances, in elements, between their matrices, rows and columns; rows are counted through
/// the batch. Blocks depend on these numbers alone.
pub fn matmul_blocks(batch: usize, size: [usize; 3], lhs: [usize; 3], rhs: [usize; 3]) -> RowBlocks {
    let [m, n, k] = size;
    if merges(batch, m, lhs, rhs) {
        return row_blocks(1, [batch * m, n, k], [rhs[1], rhs[2]]);
    }
    row_blocks(batch, size, [rhs[1], rhs[2]])
}

/// The same, for products that are not merged.
pub(crate) fn row_blocks(batch: usize, [m, n, k]: [usize; 3], rhs_strides: [usize; 2]) -> RowBlocks {
    if batch == 0 || m == 0 || n == 0 {
        return RowBlocks::new(0, 0, 1);
    }
    let cut = Cut::new(batch, m, [m, n, k], rhs_strides);
    RowBlocks::new(batch, m, if cut.parts > 1 { merged_rows(n) } else { cut.rows })
}

/// Whether a batch only lengthens the rows of one product.
pub(crate) fn merges(batch: usize, m: usize, lhs: [usize; 3], rhs: [usize; 3]) -> bool {
    batch > 1 && rhs[0] == 0 && m.checked_mul(lhs[1]) == Some(lhs[0])
}

/// Elements of the result whose partial sums are added up by one chunk.
const MERGED: usize = 1024;
/// Rows of a result of `n` columns whose partial sums are added up together.
fn merged_rows(n: usize) -> usize {
    (MERGED / n).max(1)
}

#[derive(Clone, Copy)]
struct Call<'a, T> {
    batch: usize,
    size: [usize; 3],
    /// Rows of the product that this one is a part of.
    all_rows: usize,
    lhs: Raw<*const T>,
    lhs_stride: usize,
    rhs: Raw<*const T>,
    rhs_stride: usize,
    accumulate: bool,
    epilogue: Option<Epilogue<'a, T>>,
}

impl<'a, T: Real> Call<'a, T> {
    fn new(
        batch: usize,
        (lhs, lhs_stride): (Matrix<'a, T>, usize),
        (rhs, rhs_stride): (Matrix<'a, T>, usize),
        out: &[T],
        accumulate: bool,
        epilogue: Option<Epilogue<'a, T>>,
    ) -> Result<Self, GeometryError> {
        if lhs.cols() != rhs.rows() {
            return Err(GeometryError::new(format!(
                "inner sizes differ: lhs is {} x {}, rhs is {} x {}",
                lhs.rows(),
                lhs.cols(),
                rhs.rows(),
                rhs.cols()
            )));
        }
        check_length("out", out.len(), checked_product("out", &[batch, lhs.rows(), rhs.cols()])?)?;
        lhs.check_batch(batch, lhs_stride)?;
        rhs.check_batch(batch, rhs_stride)?;
        Ok(Self {
            batch,
            size: [lhs.rows(), rhs.cols(), lhs.cols()],
            all_rows: lhs.rows(),
            lhs: lhs.raw(),
            lhs_stride,
            rhs: rhs.raw(),
            rhs_stride,
            accumulate,
            epilogue,
        })
    }

    fn run(&self, out: &mut [T]) {
        let [m, n, _] = self.size;
        if self.batch == 0 || m == 0 || n == 0 {
            return;
        }
        let cut = Cut::new(self.batch, self.all_rows, self.size, [self.rhs.row_stride, self.rhs.col_stride]);
        if cut.panels {
            self.run_panels(cut.rows, out);
        } else if cut.parts > 1 {
            self.run_parts(cut.parts, out);
        } else if cut.cols < n {
            self.run_grid(cut, out);
        } else {
            self.run_rows(cut, out);
        }
    }

    /// One product after the other, all threads at each.
    fn run_panels(&self, rows: usize, out: &mut [T]) {
        let [m, n, _] = self.size;
        let shared = SharedSlice::new(out);
        for item in 0..self.batch {
            let panels = Panels {
                size: self.size,
                lhs: self.lhs.at(item * self.lhs_stride, 0, 0),
                rhs: self.rhs.at(item * self.rhs_stride, 0, 0),
                accumulate: self.accumulate,
                rows,
            };
            // SAFETY: the operands' extents and out's length were checked at the entry.
            unsafe { panels.run(shared, item * m * n, &|rows| self.finish(item, rows, shared)) };
        }
    }

    /// Blocks of whole rows, or groups of whole products.
    fn run_rows(&self, cut: Cut, out: &mut [T]) {
        let [m, n, _] = self.size;
        let row_blocks = m.div_ceil(cut.rows);
        let shared = SharedSlice::new(out);
        let chunks = self.batch.div_ceil(cut.group) * row_blocks;
        let body = |chunk: usize| {
            let first = chunk / row_blocks * cut.group;
            let start = chunk % row_blocks * cut.rows;
            let rows = start..(start + cut.rows).min(m);
            for item in first..(first + cut.group).min(self.batch) {
                // SAFETY: this item's rows belong to this chunk alone.
                unsafe { self.block(item, rows.clone(), 0..n, shared) };
                self.finish(item, rows.clone(), shared);
            }
        };
        if chunks == 1 {
            let _flush = FlushDenormals::new();
            return body(0);
        }
        parallel_for(chunks, &body);
    }

    /// Blocks of rows and columns; the last column block of a row block to end calls the epilogue.
    fn run_grid(&self, cut: Cut, out: &mut [T]) {
        let [m, n, _] = self.size;
        let row_blocks = m.div_ceil(cut.rows);
        let col_blocks = n.div_ceil(cut.cols);
        let left: Vec<AtomicUsize> = match self.epilogue {
            Some(_) => (0..self.batch * row_blocks).map(|_| AtomicUsize::new(col_blocks)).collect(),
            None => Vec::new(),
        };
        let shared = SharedSlice::new(out);
        parallel_for(self.batch * row_blocks * col_blocks, &|chunk| {
            let (block, col_block) = (chunk / col_blocks, chunk % col_blocks);
            let (item, row_block) = (block / row_blocks, block % row_blocks);
            let start = row_block * cut.rows;
            let rows = start..(start + cut.rows).min(m);
            let left_col = col_block * cut.cols;
            // SAFETY: no other chunk has these rows and columns of this item.
            unsafe { self.block(item, rows.clone(), left_col..(left_col + cut.cols).min(n), shared) };
            if left.get(block).is_some_and(|left| left.fetch_sub(1, Ordering::AcqRel) == 1) {
                self.finish(item, rows, shared);
            }
        });
    }

    /// A product with a long inner axis: partial products of its parts, added up in the order of the parts.
    fn run_parts(&self, parts: usize, out: &mut [T]) {
        let [m, n, k] = self.size;
        let depth = k.div_ceil(parts).next_multiple_of(4);
        let parts = k.div_ceil(depth);
        T::with_scratch(parts * m * n, |partials| {
            let shared = SharedSlice::new(partials);
            parallel_for(parts, &|part| {
                let start = part * depth;
                let inner = depth.min(k - start);
                let out = Raw { start: shared.pointer(part * m * n), row_stride: n, col_stride: 1 };
                // SAFETY: the part's own [m, n] of the partials; operands were checked for all of k.
                unsafe {
                    product([m, n, inner], [m, n], out, false, self.lhs.at(0, 0, start), self.rhs.at(0, start, 0))
                };
            });
            let length = m * n;
            let rows = RowBlocks::new(1, m, merged_rows(n));
            let (partials, out) = (&*partials, SharedSlice::new(out));
            parallel_for(rows.count(), &|block| {
                let rows = rows.rows(block);
                let range = rows.start * n..rows.end * n;
                // SAFETY: each chunk has rows of its own.
                let out = unsafe { out.range(range.clone()) };
                add_up(partials.chunks_exact(length).map(|partial| &partial[range.clone()]), out, self.accumulate);
                if let Some(epilogue) = self.epilogue {
                    epilogue(rows, out);
                }
            });
        });
    }

    /// Computes a block of one item.
    ///
    /// # Safety
    /// No other thread may touch the block meanwhile.
    unsafe fn block(&self, item: usize, rows: Range<usize>, cols: Range<usize>, out: SharedSlice<'_, T>) {
        let [m, n, k] = self.size;
        let out = Raw { start: out.pointer((item * m + rows.start) * n + cols.start), row_stride: n, col_stride: 1 };
        let lhs = self.lhs.at(item * self.lhs_stride, rows.start, 0);
        let rhs = self.rhs.at(item * self.rhs_stride, 0, cols.start);
        // SAFETY: the operands' extents and out's length were checked at the entry; the caller vouches for exclusion.
        unsafe { product([rows.len(), cols.len(), k], [self.all_rows, n], out, self.accumulate, lhs, rhs) };
    }

    /// Hands finished rows to the epilogue.
    fn finish(&self, item: usize, rows: Range<usize>, out: SharedSlice<'_, T>) {
        let Some(epilogue) = self.epilogue else {
            return;
        };
        let [m, n, _] = self.size;
        let rows = item * m + rows.start..item * m + rows.end;
        // SAFETY: every thread that wrote these rows is done with them, and only one calls this.
        let block = unsafe { out.range(rows.start * n..rows.end * n) };
        epilogue(rows, block);
    }
}

/// `out = sum of partials`, where `partials` holds whole multiples of out's length, added in their order.
pub(crate) fn merge<T: Real>(partials: &[T], out: &mut [T]) {
    let length = out.len();
    let shared = SharedSlice::new(out);
    parallel_for(length.div_ceil(MERGED), &|chunk| {
        let range = chunk * MERGED..((chunk + 1) * MERGED).min(length);
        // SAFETY: each chunk has a range of its own.
        let out = unsafe { shared.range(range.clone()) };
        add_up(partials.chunks_exact(length).map(|partial| &partial[range.clone()]), out, false);
    });
}

/// `out = [out +] sum of parts`; the parts are added to each other in their order first.
fn add_up<'a, T: Real>(parts: impl Iterator<Item = &'a [T]> + Clone, out: &mut [T], accumulate: bool) {
    /// Sums held at once, so that they stay in a first-level cache.
    const HELD: usize = 1024;
    for (index, out) in out.chunks_mut(HELD).enumerate() {
        let mut sums = [T::ZERO; HELD];
        for part in parts.clone() {
            for (sum, &value) in sums.iter_mut().zip(&part[index * HELD..][..out.len()]) {
                *sum += value;
            }
        }
        for (out, &sum) in out.iter_mut().zip(&sums) {
            *out = if accumulate { *out + sum } else { sum };
        }
    }
}
