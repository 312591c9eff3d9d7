//! A matrix seen through strides.

use crate::error::GeometryError;
use crate::real::Raw;

/// A view of `rows` x `cols` elements of a slice: element (i, j) is `data[i * row_stride + j * col_stride]`.
///
/// Transposing swaps sizes and strides; a stride of zero repeats one row or column.
#[derive(Debug, Clone, Copy)]
pub struct Matrix<'a, T> {
    data: &'a [T],
    rows: usize,
    cols: usize,
    row_stride: usize,
    col_stride: usize,
}

impl<'a, T> Matrix<'a, T> {
    /// A view with any strides.
    ///
    /// # Errors
    /// When an element lies beyond the end of `data`.
    pub fn new(
        data: &'a [T],
        rows: usize,
        cols: usize,
        row_stride: usize,
        col_stride: usize,
    ) -> Result<Self, GeometryError> {
        let matrix = Self { data, rows, cols, row_stride, col_stride };
        match matrix.extent() {
            Some(extent) if extent <= data.len() => Ok(matrix),
            _ => Err(GeometryError::new(format!(
                "a matrix of {rows} x {cols} with strides {row_stride}, {col_stride} leaves its {} elements",
                data.len()
            ))),
        }
    }

    /// A view of rows that follow each other.
    ///
    /// # Errors
    /// When `data` holds fewer than `rows * cols` elements.
    pub fn row_major(data: &'a [T], rows: usize, cols: usize) -> Result<Self, GeometryError> {
        Self::new(data, rows, cols, cols, 1)
    }

    /// The same elements with rows and columns exchanged.
    ///
    /// ```
    /// use crisol_kernels::Matrix;
    ///
    /// let matrix = Matrix::row_major(&[1.0_f32, 2.0, 3.0, 4.0, 5.0, 6.0], 2, 3)?;
    /// assert_eq!((matrix.transposed().rows(), matrix.transposed().cols()), (3, 2));
    /// # Ok::<(), crisol_kernels::GeometryError>(())
    /// ```
    #[must_use]
    pub fn transposed(self) -> Self {
        Self { rows: self.cols, cols: self.rows, row_stride: self.col_stride, col_stride: self.row_stride, ..self }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// Distance between the starts of two rows.
    pub(crate) fn row_stride(&self) -> usize {
        self.row_stride
    }

    /// Elements from the first to the last one, both included; None when that overflows.
    fn extent(&self) -> Option<usize> {
        if self.rows == 0 || self.cols == 0 {
            return Some(0);
        }
        let down = (self.rows - 1).checked_mul(self.row_stride)?;
        let right = (self.cols - 1).checked_mul(self.col_stride)?;
        down.checked_add(right)?.checked_add(1)
    }

    /// Checks that `count` such matrices, each `stride` elements after the last one, lie inside the slice.
    pub(crate) fn check_batch(&self, count: usize, stride: usize) -> Result<(), GeometryError> {
        let last = count.saturating_sub(1).checked_mul(stride);
        let end = last.and_then(|last| self.extent().and_then(|extent| last.checked_add(extent)));
        match end {
            Some(end) if end <= self.data.len() || self.extent() == Some(0) => Ok(()),
            _ => Err(GeometryError::new(format!(
                "{count} matrices of {} x {} every {stride} elements leave their {} elements",
                self.rows,
                self.cols,
                self.data.len()
            ))),
        }
    }

    /// The view as pointers, starting at an element that the constructor has checked (or at the end when empty).
    pub(crate) fn raw(&self) -> Raw<*const T> {
        Raw { start: self.data.as_ptr(), row_stride: self.row_stride, col_stride: self.col_stride }
    }
}

impl<P> Raw<*const P> {
    /// The view from row `row`, column `col` of the one at `offset`.
    pub(crate) fn at(self, offset: usize, row: usize, col: usize) -> Self {
        let start = self.start.wrapping_add(offset + row * self.row_stride + col * self.col_stride);
        Self { start, ..self }
    }

    /// The same elements with rows and columns exchanged.
    pub(crate) fn transposed(self) -> Self {
        Self { row_stride: self.col_stride, col_stride: self.row_stride, ..self }
    }
}

// SAFETY: a `Raw` made from a `Matrix` only reads elements that are borrowed for as long as the parallel call lasts.
unsafe impl<P: Sync> Send for Raw<*const P> {}
// SAFETY: as above.
unsafe impl<P: Sync> Sync for Raw<*const P> {}
