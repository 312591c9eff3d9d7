//! `out = conv2d(x, w)`: patches of a block of output pixels, then one product, block by block.

use super::im2col::Patch;
use super::{Conv2d, direct};
use crate::error::GeometryError;
use crate::matmul::matmul;
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
    geometry.check(("x", x), ("w", w), ("out", out))?;
    if out.is_empty() {
        return Ok(());
    }
    if geometry.is_pointwise() {
        let (pixels, inputs, outputs) = (geometry.pixels(), geometry.in_channels, geometry.out_channels);
        let x = Matrix::row_major(x, pixels, inputs)?;
        return matmul(x, Matrix::row_major(w, inputs, outputs)?, out, false, None);
    }
    if let Some(channels) = geometry.direct::<T>() {
        direct::forward(geometry, channels, x, w, out);
        return Ok(());
    }
    by_blocks(geometry, x, w, out)
}

fn by_blocks<T: Real>(geometry: &Conv2d, x: &[T], w: &[T], out: &mut [T]) -> Result<(), GeometryError> {
    let (depth, group_outputs, outputs) = (geometry.depth(), geometry.group_outputs(), geometry.out_channels);
    let kernel = Matrix::row_major(w, depth, outputs)?.raw();
    let pixels = geometry.pixels();
    let block = geometry.patch_block::<T>(depth);
    let shared = SharedSlice::new(out);
    parallel_for(pixels.div_ceil(block), &|chunk| {
        let range = chunk * block..((chunk + 1) * block).min(pixels);
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
                        out,
                        false,
                        patches,
                        kernel.at(0, 0, group * group_outputs),
                    );
                }
            }
        });
    });
    Ok(())
}
