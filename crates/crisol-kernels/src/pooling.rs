//! Two-dimensional max pooling of channels-last images, its gradient, and the way back of that.

use crate::error::{GeometryError, check_length, checked_product};
use crate::pool::parallel_for;
use crate::real::Real;
use crate::shared::SharedSlice;
use std::ops::Range;

/// The sizes of a two-dimensional pooling.
///
/// Images are [batch, height, width, channels]; pairs are (height, width). Padding never wins a maximum and adds
/// nothing to a sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pool2d {
    /// Number of images.
    pub batch: usize,
    /// Rows of an input image.
    pub in_height: usize,
    /// Columns of an input image.
    pub in_width: usize,
    /// Channels of a pixel.
    pub channels: usize,
    /// Rows and columns of a window.
    pub window: [usize; 2],
    /// Input rows and columns between neighbouring windows.
    pub stride: [usize; 2],
    /// Padding: [[top, bottom], [left, right]], each less than the window.
    pub padding: [[usize; 2]; 2],
}

/// Channels of the gradient handled together.
const LANES: usize = 32;
/// Fewer comparisons than this are not worth waking anyone for.
const INLINE: usize = 16 << 10;

impl Pool2d {
    /// Rows of an output image; 0 when the window does not fit.
    pub fn out_height(&self) -> usize {
        self.out_size(0, self.in_height)
    }

    /// Columns of an output image; 0 when the window does not fit.
    pub fn out_width(&self) -> usize {
        self.out_size(1, self.in_width)
    }

    /// Elements of the input.
    pub fn input_len(&self) -> usize {
        self.batch * self.in_height * self.in_width * self.channels
    }

    /// Elements of the output.
    pub fn output_len(&self) -> usize {
        self.batch * self.out_height() * self.out_width() * self.channels
    }

    /// Checks the sizes against each other.
    ///
    /// # Errors
    /// When the window or a stride is zero, padding reaches the size of the window, the window does not fit in the
    /// padded image, the image is empty, or the sizes overflow.
    pub fn validate(&self) -> Result<(), GeometryError> {
        if self.window.contains(&0) || self.stride.contains(&0) {
            return Err(GeometryError::new(format!("window {:?} or stride {:?} has a zero", self.window, self.stride)));
        }
        for (axis, size) in [self.in_height, self.in_width].into_iter().enumerate() {
            let (window, [before, after]) = (self.window[axis], self.padding[axis]);
            if before >= window || after >= window {
                return Err(GeometryError::new(format!(
                    "axis {axis}: padding {before}, {after} must be less than the window, {window}"
                )));
            }
            let padded = before.checked_add(after).and_then(|padding| padding.checked_add(size));
            if size == 0 || padded.is_none_or(|padded| padded < window) {
                return Err(GeometryError::new(format!(
                    "axis {axis}: a window of {window} does not fit in {size} with padding {before}, {after}"
                )));
            }
        }
        checked_product("the input", &[self.batch, self.in_height, self.in_width, self.channels])?;
        checked_product("the output", &[self.batch, self.out_height(), self.out_width(), self.channels])?;
        Ok(())
    }

    /// Elements of an input image.
    pub(crate) fn image_length(&self) -> usize {
        self.in_height * self.in_width * self.channels
    }

    /// Calls `body` with image, row and elements of every output row, on all threads.
    pub(crate) fn each_row<T: Send>(&self, out: &mut [T], body: impl Fn(usize, usize, &mut [T]) + Sync) {
        if out.is_empty() {
            return;
        }
        let height = self.out_height();
        let row_length = self.out_width() * self.channels;
        let rows = self.batch * height;
        // Enough output rows to be worth a claim.
        let work = row_length.saturating_mul(self.window[0] * self.window[1]).max(1);
        let block = INLINE.div_ceil(work);
        let shared = SharedSlice::new(out);
        parallel_for(rows.div_ceil(block), &|chunk| {
            for index in chunk * block..((chunk + 1) * block).min(rows) {
                // SAFETY: each output row belongs to one chunk.
                let out = unsafe { shared.range(index * row_length..(index + 1) * row_length) };
                body(index / height, index % height, out);
            }
        });
    }

    fn out_size(&self, axis: usize, size: usize) -> usize {
        let padded = size.saturating_add(self.padding[axis][0]).saturating_add(self.padding[axis][1]);
        padded.checked_sub(self.window[axis]).map_or(0, |room| room / self.stride[axis].max(1) + 1)
    }

    /// The input rows or columns that a window covers; at least one, because padding is less than the window.
    pub(crate) fn covered(&self, axis: usize, index: usize) -> Range<usize> {
        let size = [self.in_height, self.in_width][axis];
        let start = index * self.stride[axis];
        let before = self.padding[axis][0];
        start.saturating_sub(before)..(start + self.window[axis] - before).min(size)
    }

    /// The output rows whose windows cover any of the given input rows.
    pub(crate) fn readers(&self, rows: &Range<usize>) -> Range<usize> {
        let (top, stride) = (self.padding[0][0], self.stride[0]);
        let first = (rows.start + top + 1).saturating_sub(self.window[0]).div_ceil(stride);
        let end = ((rows.end - 1 + top) / stride + 1).min(self.out_height());
        first.min(end)..end
    }

    /// Whether every input element is in exactly one window.
    fn is_partition(&self) -> bool {
        self.window == self.stride
            && self.padding == [[0; 2]; 2]
            && self.in_height.is_multiple_of(self.window[0])
            && self.in_width.is_multiple_of(self.window[1])
    }

    /// The maxima of one output row.
    fn row<T: Real>(&self, image: &[T], row: usize, out: &mut [T]) {
        let rows = self.covered(0, row);
        for (col, out) in out.chunks_exact_mut(self.channels).enumerate() {
            let cols = self.covered(1, col);
            let pixel = |row: usize, col: usize| &image[(row * self.in_width + col) * self.channels..][..self.channels];
            out.copy_from_slice(pixel(rows.start, cols.start));
            for in_row in rows.clone() {
                for in_col in cols.clone() {
                    for (out, &value) in out.iter_mut().zip(pixel(in_row, in_col)) {
                        *out = if (value > *out) | is_nan(value) { value } else { *out };
                    }
                }
            }
        }
    }

    /// For one output row, the elements of `values` that stand where the windows have their first maxima.
    fn row_gather<T: Real>(&self, image: &[T], values: &[T], row: usize, out: &mut [T]) {
        let rows = self.covered(0, row);
        for (col, out) in out.chunks_exact_mut(self.channels).enumerate() {
            let cols = self.covered(1, col);
            for (group, out) in out.chunks_mut(LANES).enumerate() {
                let place = |row: usize, col: usize| (row * self.in_width + col) * self.channels + group * LANES;
                let first = place(rows.start, cols.start);
                let mut best = [T::ZERO; LANES];
                best[..out.len()].copy_from_slice(&image[first..][..out.len()]);
                out.copy_from_slice(&values[first..][..out.len()]);
                for in_row in rows.clone() {
                    for in_col in cols.clone() {
                        let at = place(in_row, in_col);
                        let (image, values) = (&image[at..][..out.len()], &values[at..][..out.len()]);
                        for (((out, best), &x), &value) in out.iter_mut().zip(&mut best).zip(image).zip(values) {
                            let larger = (x > *best) | (is_nan(x) & !is_nan(*best));
                            *best = if larger { x } else { *best };
                            *out = if larger { value } else { *out };
                        }
                    }
                }
            }
        }
    }

    /// Sends the gradients of one output row to the input rows `own`, whose elements are `grad_x`; what belongs to
    /// other rows is left out. In a partition each place is written once, else added to.
    fn row_gradient<T: Real, const PARTITION: bool>(
        &self,
        image: &[T],
        row: usize,
        grad_out: &[T],
        own: &Range<usize>,
        grad_x: &mut [T],
    ) {
        let rows = self.covered(0, row);
        for (col, grad_out) in grad_out.chunks_exact(self.channels).enumerate() {
            let cols = self.covered(1, col);
            for (group, grad_out) in grad_out.chunks(LANES).enumerate() {
                let place = |row: usize, col: usize| (row * self.in_width + col) * self.channels + group * LANES;
                let mut best = [T::ZERO; LANES];
                let mut winner = [0_u32; LANES];
                best[..grad_out.len()].copy_from_slice(&image[place(rows.start, cols.start)..][..grad_out.len()]);
                let mut tap = 0;
                for in_row in rows.clone() {
                    for in_col in cols.clone() {
                        let values = &image[place(in_row, in_col)..][..grad_out.len()];
                        match <&[T; LANES]>::try_from(values) {
                            Ok(values) => take_larger(values, &mut best, &mut winner, tap),
                            Err(_) => take_larger(values, &mut best, &mut winner, tap),
                        }
                        tap += 1;
                    }
                }
                tap = 0;
                for in_row in rows.clone() {
                    for in_col in cols.clone() {
                        if own.contains(&in_row) {
                            let at = place(in_row - own.start, in_col);
                            let sums = &mut grad_x[at..at + grad_out.len()];
                            for ((sum, &gradient), &winner) in sums.iter_mut().zip(grad_out).zip(&winner) {
                                let gradient = if winner == tap { gradient } else { T::ZERO };
                                *sum = if PARTITION { gradient } else { *sum + gradient };
                            }
                        }
                        tap += 1;
                    }
                }
            }
        }
    }
}

/// Keeps the first largest value; the first NaN wins over everything.
#[inline(always)]
fn take_larger<T: Real>(values: &[T], best: &mut [T; LANES], winner: &mut [u32; LANES], tap: u32) {
    for ((&value, best), winner) in values.iter().zip(best).zip(winner) {
        let larger = (value > *best) | (is_nan(value) & !is_nan(*best));
        // A choice by mask: written as a condition it is compiled into a branch for each lane.
        *winner ^= (*winner ^ tap) & u32::from(larger).wrapping_neg();
        *best = if larger { value } else { *best };
    }
}

#[inline(always)]
#[allow(clippy::eq_op, reason = "only a NaN differs from itself, and the trait has no is_nan")]
fn is_nan<T: Real>(value: T) -> bool {
    value != value
}

/// `out[b, y, x, c] = max of input[b, window of (y, x), c]`; a NaN in the window makes a NaN.
///
/// # Errors
/// When the geometry is not valid or a slice has another length than it says.
///
/// ```
/// use crisol_kernels::{Pool2d, max_pool2d};
///
/// let geometry = Pool2d {
///     batch: 1, in_height: 2, in_width: 4, channels: 1,
///     window: [2, 2], stride: [2, 2], padding: [[0, 0], [0, 0]],
/// };
/// let mut out = [0.0; 2];
/// max_pool2d(&geometry, &[1.0_f32, 5.0, 2.0, 0.0, 3.0, 4.0, 9.0, 8.0], &mut out)?;
/// assert_eq!(out, [5.0, 9.0]);
/// # Ok::<(), crisol_kernels::GeometryError>(())
/// ```
pub fn max_pool2d<T: Real>(geometry: &Pool2d, x: &[T], out: &mut [T]) -> Result<(), GeometryError> {
    geometry.validate()?;
    check_length("x", x.len(), geometry.input_len())?;
    check_length("out", out.len(), geometry.output_len())?;
    geometry.each_row(out, |image, row, out| {
        let length = geometry.image_length();
        geometry.row(&x[image * length..][..length], row, out);
    });
    Ok(())
}

/// `out[b, y, x, c] = values[where input[b, window of (y, x), c] has its first maximum]`: the way back of
/// [`max_pool2d_gradient`].
///
/// # Errors
/// When the geometry is not valid or a slice has another length than it says.
pub fn max_pool2d_gather<T: Real>(
    geometry: &Pool2d,
    x: &[T],
    values: &[T],
    out: &mut [T],
) -> Result<(), GeometryError> {
    geometry.validate()?;
    check_length("x", x.len(), geometry.input_len())?;
    check_length("values", values.len(), geometry.input_len())?;
    check_length("out", out.len(), geometry.output_len())?;
    geometry.each_row(out, |image, row, out| {
        let length = geometry.image_length();
        geometry.row_gather(&x[image * length..][..length], &values[image * length..][..length], row, out);
    });
    Ok(())
}

/// Sends each output's gradient to the first maximum of its window in row-major order, and sums where windows overlap.
///
/// # Errors
/// When the geometry is not valid or a slice has another length than it says.
pub fn max_pool2d_gradient<T: Real>(
    geometry: &Pool2d,
    x: &[T],
    grad_out: &[T],
    grad_x: &mut [T],
) -> Result<(), GeometryError> {
    /// Chunks wanted when there are few images.
    const CHUNKS: usize = 32;
    geometry.validate()?;
    check_length("x", x.len(), geometry.input_len())?;
    check_length("grad_out", grad_out.len(), geometry.output_len())?;
    check_length("grad_x", grad_x.len(), geometry.input_len())?;
    if grad_x.is_empty() {
        return Ok(());
    }
    let (height, channels) = (geometry.out_height(), geometry.channels);
    let row_length = geometry.out_width() * channels;
    let in_row = geometry.in_width * channels;
    let image_length = geometry.in_height * in_row;
    // Bands of input rows; an output row that reads two bands is scanned in both, so bands are some windows high.
    let wanted = geometry.in_height.div_ceil(CHUNKS.div_ceil(geometry.batch));
    let whole = geometry.input_len() < INLINE;
    let band = if whole { geometry.in_height } else { wanted.max(4 * geometry.window[0]) };
    let band = band.next_multiple_of(geometry.stride[0]).min(geometry.in_height);
    let bands = geometry.in_height.div_ceil(band);
    let images = if whole { geometry.batch } else { 1 };
    let partition = geometry.is_partition();

    let shared = SharedSlice::new(grad_x);
    parallel_for(geometry.batch.div_ceil(images) * bands, &|chunk| {
        let (group, start) = (chunk / bands, chunk % bands * band);
        for image in group * images..((group + 1) * images).min(geometry.batch) {
            let rows = start..(start + band).min(geometry.in_height);
            let first = image * geometry.in_height;
            // SAFETY: each chunk owns these rows of these images.
            let grad_x = unsafe { shared.range((first + rows.start) * in_row..(first + rows.end) * in_row) };
            if !partition {
                grad_x.fill(T::ZERO);
            }
            let image_values = &x[image * image_length..][..image_length];
            for row in geometry.readers(&rows) {
                let grad_out = &grad_out[(image * height + row) * row_length..][..row_length];
                if partition {
                    geometry.row_gradient::<T, true>(image_values, row, grad_out, &rows, grad_x);
                } else {
                    geometry.row_gradient::<T, false>(image_values, row, grad_out, &rows, grad_x);
                }
            }
        }
    });
    Ok(())
}
