//! The gradient of a convolution with respect to its kernel.

use super::im2col::Patch;
use super::{Conv2d, direct};
use crate::error::GeometryError;
use crate::matmul::{matmul, merge};
use crate::matrix::Matrix;
use crate::pool::parallel_for;
use crate::product::product;
use crate::real::{Raw, Real};
use crate::shared::SharedSlice;

/// `grad_w[i, j, c, o] = sum over b, y, x of input[b, y * stride + i * dilation - top, ..., c] * grad_out[b, y, x, o]`.
///
/// # Errors
/// When the geometry is not valid or a slice has another length than it says.
pub fn conv2d_weight_gradient<T: Real>(
    geometry: &Conv2d,
    x: &[T],
    grad_out: &[T],
    grad_w: &mut [T],
) -> Result<(), GeometryError> {
    geometry.check(("x", x), ("grad_w", grad_w), ("grad_out", grad_out))?;
    if grad_w.is_empty() {
        return Ok(());
    }
    if grad_out.is_empty() {
        grad_w.fill(T::ZERO);
        return Ok(());
    }
    if geometry.is_pointwise() {
        let (pixels, inputs, outputs) = (geometry.pixels(), geometry.in_channels, geometry.out_channels);
        let x = Matrix::row_major(x, pixels, inputs)?.transposed();
        return matmul(x, Matrix::row_major(grad_out, pixels, outputs)?, grad_w, false, None);
    }
    if geometry.is_direct::<T>() {
        direct::weight_gradient(geometry, x, grad_out, grad_w);
        return Ok(());
    }
    by_parts(geometry, x, grad_out, grad_w)
}

/// Cuts the output pixels into parts and the kernel into its rows; each chunk sums one part for one kernel row. Partial sums
/// are added up in the order of the parts.
fn by_parts<T: Real>(geometry: &Conv2d, x: &[T], grad_out: &[T], grad_w: &mut [T]) -> Result<(), GeometryError> {
    let (outputs, group_outputs) = (geometry.out_channels, geometry.group_outputs());
    let pixels = geometry.pixels();
    let grad_out = Matrix::row_major(grad_out, pixels, outputs)?.raw();
    let Cut { parts, kernel_rows } = Cut::new(geometry);
    let slabs = geometry.kernel[0].div_ceil(kernel_rows);
    let part = pixels.div_ceil(parts);
    let parts = pixels.div_ceil(part);
    let row_length = geometry.kernel[1] * geometry.group_inputs();
    let block = geometry.patch_block::<T>(kernel_rows * row_length).min(part);

    T::with_scratch(parts * grad_w.len(), |partials| {
        let length = grad_w.len();
        let shared = SharedSlice::new(partials);
        parallel_for(parts * slabs, &|chunk| {
            let (index, slab) = (chunk / slabs, chunk % slabs);
            let first = slab * kernel_rows;
            let kernel_rows = first..(first + kernel_rows).min(geometry.kernel[0]);
            let depth = kernel_rows.len() * row_length;
            let end = ((index + 1) * part).min(pixels);
            T::with_scratch(block * depth, |patches| {
                for start in (index * part..end).step_by(block) {
                    let range = start..(start + block).min(end);
                    for group in 0..geometry.groups {
                        let patch = Patch { kernel_rows: kernel_rows.clone(), group };
                        geometry.gather(x, range.clone(), &patch, patches);
                        let column = group * group_outputs;
                        let out = Raw {
                            start: shared.pointer(index * length + first * row_length * outputs + column),
                            row_stride: outputs,
                            col_stride: 1,
                        };
                        let patches = Raw { start: patches.as_ptr(), row_stride: 1, col_stride: depth };
                        // SAFETY: `patches` holds range.len() rows of `depth`, read as columns; these rows of this part's
                        // sum belong to this chunk alone; `grad_out` was measured against the geometry.
                        unsafe {
                            product(
                                [depth, group_outputs, range.len()],
                                [depth, group_outputs],
                                out,
                                start > index * part,
                                patches,
                                grad_out.at(0, range.start, column),
                            );
                        }
                    }
                }
            });
        });
        merge(partials, grad_w);
    });
    Ok(())
}

/// How the sum is cut, as a function of the geometry.
struct Cut {
    parts: usize,
    /// Kernel rows of a chunk.
    kernel_rows: usize,
}

impl Cut {
    fn new(geometry: &Conv2d) -> Self {
        /// Chunks enough for many threads.
        const CHUNKS: usize = 16;
        /// Elements that all partial sums may take together.
        const PARTIALS: usize = 1 << 21;
        let parts = (PARTIALS / geometry.weight_len()).min(geometry.pixels() / 64).clamp(1, CHUNKS);
        let kernel_rows = if parts < CHUNKS { 1 } else { geometry.kernel[0] };
        Self { parts, kernel_rows }
    }
}
