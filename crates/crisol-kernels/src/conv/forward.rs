//! `out = conv2d(x, w)`: patches of a block of output pixels, then one product, block by block.

use super::im2col::Patch;
use super::{Conv2d, direct};
use crate::blocks::RowBlocks;
use crate::error::GeometryError;
use crate::matmul::{Epilogue, matmul, row_blocks};
use crate::matrix::Matrix;
use crate::pool::parallel_for;
use crate::product::product;
use crate::real::{Raw, Real};
use crate::shared::SharedSlice;

/// `out[b, y, x, o] = sum over i, j, c of input[b, y * stride + i * dilation - top, ..., c] * w[i, j, c, o]`.
///
/// Cross-correlation, as Keras and every other framework call convolution; outside the image the input is zero.
///
/// # Errors
/// When the geometry is not valid or a slice has another length than it says.
pub fn conv2d<T: Real>(geometry: &Conv2d, x: &[T], w: &[T], out: &mut [T]) -> Result<(), GeometryError> {
    conv2d_with(geometry, x, w, out, 1, None)
}

/// [`conv2d`] with an epilogue, which sees every output pixel once with all its channels: the blocks of
/// [`Conv2d::row_blocks`], each while it is in cache, in the thread that computed it.
///
/// Pixels are counted through the batch. `align` is what [`Conv2d::row_blocks`] takes.
///
/// # Errors
/// As [`conv2d`].
///
/// ```
/// use crisol_kernels::{Conv2d, conv2d_with};
///
/// let geometry = Conv2d {
///     batch: 1,
///     in_height: 3,
///     in_width: 3,
///     in_channels: 1,
///     out_channels: 1,
///     kernel: [2, 2],
///     stride: [1, 1],
///     dilation: [1, 1],
///     padding: [[0, 0], [0, 0]],
///     groups: 1,
/// };
/// let image = [1.0_f32, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0];
/// let mut out = [0.0; 4];
/// conv2d_with(&geometry, &image, &[1.0; 4], &mut out, 1, Some(&|_pixels, block| {
///     for value in block { *value -= 10.0; }
/// }))?;
/// assert_eq!(out, [2.0, 6.0, 14.0, 18.0]);
/// # Ok::<(), crisol_kernels::GeometryError>(())
/// ```
pub fn conv2d_with<T: Real>(
    geometry: &Conv2d,
    x: &[T],
    w: &[T],
    out: &mut [T],
    align: usize,
    epilogue: Option<Epilogue<'_, T>>,
) -> Result<(), GeometryError> {
    geometry.check(("x", x), ("w", w), ("out", out))?;
    if out.is_empty() {
        return Ok(());
    }
    if geometry.is_pointwise() {
        let (pixels, inputs, outputs) = (geometry.pixels(), geometry.in_channels, geometry.out_channels);
        let x = Matrix::row_major(x, pixels, inputs)?;
        return matmul(x, Matrix::row_major(w, inputs, outputs)?, out, false, epilogue);
    }
    let blocks = geometry.row_blocks::<T>(align);
    if geometry.is_direct::<T>() {
        direct::forward(geometry, x, w, out, blocks, epilogue);
        return Ok(());
    }
    by_blocks(geometry, x, w, out, blocks, epilogue)
}

impl Conv2d {
    /// How the output pixels are cut into the blocks that the epilogue of [`conv2d_with`] sees, as a function of the geometry
    /// and of the kind of processor.
    ///
    /// Blocks are whole rows of an image, a multiple of `align` of them until the image ends, or whole images; so a pooling
    /// whose windows do not overlap can run in the epilogue when `align` is the height of its window. The exception are
    /// 1 x 1 kernels, which are matrix products: when [`Conv2d::is_pointwise`] their blocks are any runs of pixels.
    pub fn row_blocks<T: Real>(&self, align: usize) -> RowBlocks {
        let (height, width) = (self.out_height(), self.out_width());
        if self.output_len() == 0 {
            return RowBlocks::new(0, 0, 1);
        }
        if self.is_pointwise() {
            return row_blocks(1, [self.pixels(), self.out_channels, self.in_channels], [self.out_channels, 1]);
        }
        let rows = if self.is_direct::<T>() {
            self.direct_rows()
        } else {
            let pixels = self.patch_block::<T>(self.depth());
            if 2 * height * width <= pixels {
                return RowBlocks::new(1, self.pixels(), pixels / (height * width) * (height * width));
            }
            pixels.div_ceil(width)
        };
        let rows = rows.next_multiple_of(align.clamp(1, height)).min(height);
        RowBlocks::new(self.batch, height * width, rows * width)
    }
}

/// Patches of a block of output pixels, then one product, block by block.
fn by_blocks<T: Real>(
    geometry: &Conv2d,
    x: &[T],
    w: &[T],
    out: &mut [T],
    blocks: RowBlocks,
    epilogue: Option<Epilogue<'_, T>>,
) -> Result<(), GeometryError> {
    let (depth, group_outputs, outputs) = (geometry.depth(), geometry.group_outputs(), geometry.out_channels);
    let kernel = Matrix::row_major(w, depth, outputs)?.raw();
    let shared = SharedSlice::new(out);
    parallel_for(blocks.count(), &|chunk| {
        let range = blocks.rows(chunk);
        T::with_scratch(range.len() * depth, |patches| {
            for group in 0..geometry.groups {
                let patch = Patch { kernel_rows: 0..geometry.kernel[0], group };
                geometry.gather(x, range.clone(), &patch, patches);
                let out = Raw {
                    start: shared.pointer(range.start * outputs + group * group_outputs),
                    row_stride: outputs,
                    col_stride: 1,
                };
                let patches = Raw { start: patches.as_ptr(), row_stride: depth, col_stride: 1 };
                // SAFETY: `patches` holds range.len() rows of `depth`; the group's columns of the kernel and of these
                // output pixels are inside their slices, and the pixels belong to this chunk alone.
                unsafe {
                    product(
                        [range.len(), group_outputs, depth],
                        // Of however many pixels: some images have the bits that they have among all.
                        [usize::MAX, group_outputs],
                        out,
                        false,
                        patches,
                        kernel.at(0, 0, group * group_outputs),
                    );
                }
            }
        });
        if let Some(epilogue) = epilogue {
            // SAFETY: the pixels belong to this chunk alone.
            let values = unsafe { shared.range(range.start * outputs..range.end * outputs) };
            epilogue(range, values);
        }
    });
    Ok(())
}
