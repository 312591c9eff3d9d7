//! The gradient of a convolution with respect to its input.

use super::Conv2d;
use super::forward::conv2d;
use crate::error::GeometryError;
use crate::matmul::matmul;
use crate::matrix::Matrix;
use crate::operand::turn;
use crate::pool::parallel_for;
use crate::product::product;
use crate::real::{Raw, Real};
use crate::shared::SharedSlice;

/// `grad_x[b, y, x, c] = sum of grad_out * w over the outputs that read input [b, y, x, c]`.
///
/// This is transposed convolution as well: of `grad_out` to an image of the geometry's input size.
///
/// # Errors
/// When the geometry is not valid or a slice has another length than it says.
pub fn conv2d_input_gradient<T: Real>(
    geometry: &Conv2d,
    grad_out: &[T],
    w: &[T],
    grad_x: &mut [T],
) -> Result<(), GeometryError> {
    geometry.check(("grad_x", grad_x), ("w", w), ("grad_out", grad_out))?;
    if grad_x.is_empty() {
        return Ok(());
    }
    if geometry.is_pointwise() {
        let (pixels, inputs, outputs) = (geometry.pixels(), geometry.in_channels, geometry.out_channels);
        let grad_out = Matrix::row_major(grad_out, pixels, outputs)?;
        return matmul(grad_out, Matrix::row_major(w, inputs, outputs)?.transposed(), grad_x, false, None);
    }
    match flipped(geometry) {
        Some(back) => by_convolution(geometry, &back, grad_out, w, grad_x),
        None => by_scatter(geometry, grad_out, w, grad_x),
    }
}

/// The convolution over `grad_out` that is this gradient, where there is one: stride 1, and no more padding than the kernel
/// reaches.
fn flipped(geometry: &Conv2d) -> Option<Conv2d> {
    if geometry.stride != [1, 1] || geometry.groups != 1 {
        return None;
    }
    let mut padding = [[0; 2]; 2];
    for (axis, padding) in padding.iter_mut().enumerate() {
        let reach = (geometry.kernel[axis] - 1) * geometry.dilation[axis];
        for (padding, given) in padding.iter_mut().zip(geometry.padding[axis]) {
            *padding = reach.checked_sub(given)?;
        }
    }
    Some(Conv2d {
        in_height: geometry.out_height(),
        in_width: geometry.out_width(),
        in_channels: geometry.out_channels,
        out_channels: geometry.in_channels,
        padding,
        ..*geometry
    })
}

/// Convolves `grad_out` with the kernel turned around and its channels exchanged.
fn by_convolution<T: Real>(
    geometry: &Conv2d,
    back: &Conv2d,
    grad_out: &[T],
    w: &[T],
    grad_x: &mut [T],
) -> Result<(), GeometryError> {
    let (inputs, outputs) = (geometry.in_channels, geometry.out_channels);
    T::with_scratch(w.len(), |turned| {
        let taps = turned.chunks_exact_mut((inputs * outputs).max(1));
        for (turned, w) in taps.zip(w.chunks_exact((inputs * outputs).max(1)).rev()) {
            for (output, turned) in turned.chunks_exact_mut(inputs).enumerate() {
                for (turned, w) in turned.iter_mut().zip(w.iter().skip(output).step_by(outputs)) {
                    *turned = *w;
                }
            }
        }
        conv2d(back, grad_out, turned, grad_x)
    })
}

/// Multiplies blocks of output pixels back into patches and adds these to the image. Each chunk owns some rows of one image and
/// goes through every output row that reads them.
fn by_scatter<T: Real>(geometry: &Conv2d, grad_out: &[T], w: &[T], grad_x: &mut [T]) -> Result<(), GeometryError> {
    /// Chunks wanted when there are few images.
    const CHUNKS: usize = 16;
    let (depth, group_outputs, outputs) = (geometry.depth(), geometry.group_outputs(), geometry.out_channels);
    let grad_out = Matrix::row_major(grad_out, geometry.pixels(), outputs)?.raw();
    let (height, width) = (geometry.out_height(), geometry.out_width());
    let in_row = geometry.in_width * geometry.in_channels;

    // Bands of at least three kernels' height: what two bands read in common is computed twice.
    let span = (geometry.kernel[0] - 1) * geometry.dilation[0] + 1;
    let wanted = geometry.in_height.div_ceil(CHUNKS.div_ceil(geometry.batch));
    let band = wanted.max(3 * span).next_multiple_of(geometry.stride[0]).min(geometry.in_height);
    let bands = geometry.in_height.div_ceil(band);
    let block = geometry.patch_block::<T>(depth);

    T::with_scratch(w.len(), |turned| {
        turn(w, [depth, outputs], outputs, turned, depth);
        let kernel = Raw { start: turned.as_ptr(), row_stride: depth, col_stride: 1 };
        let shared = SharedSlice::new(grad_x);
        parallel_for(geometry.batch * bands, &|chunk| {
            let (image, start) = (chunk / bands, chunk % bands * band);
            let rows = start..(start + band).min(geometry.in_height);
            let first = image * geometry.in_height;
            // SAFETY: each chunk owns these rows of this image.
            let image_rows = unsafe { shared.range((first + rows.start) * in_row..(first + rows.end) * in_row) };
            image_rows.fill(T::ZERO);
            let readers = geometry.readers(&rows);
            let first = image * height * width;
            let pixels = first + readers.start * width..first + readers.end * width;
            T::with_scratch(block.min(pixels.len()) * depth, |patches| {
                for start in pixels.clone().step_by(block) {
                    let range = start..(start + block).min(pixels.end);
                    for group in 0..geometry.groups {
                        let out = Raw { start: patches.as_mut_ptr(), row_stride: depth, col_stride: 1 };
                        let column = group * group_outputs;
                        // SAFETY: `patches` holds range.len() rows of `depth`; pixels, kernel rows and the group's channels
                        // are inside their slices.
                        unsafe {
                            product(
                                [range.len(), depth, group_outputs],
                                // Of however many pixels: some images have the bits that they have among all.
                                [usize::MAX, depth],
                                out,
                                false,
                                grad_out.at(0, range.start, column),
                                kernel.at(0, column, 0),
                            );
                        }
                        geometry.scatter(patches, range.clone(), group, &rows, image_rows);
                    }
                }
            });
        });
    });
    Ok(())
}
