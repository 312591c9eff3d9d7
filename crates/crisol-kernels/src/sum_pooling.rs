//! Sums over the windows of channels-last images, and their gradient: what average pooling is made of.

use crate::error::{GeometryError, check_length};
use crate::pool::parallel_for;
use crate::pooling::Pool2d;
use crate::real::Real;
use crate::shared::SharedSlice;

/// `out[b, y, x, c] = sum of input[b, window of (y, x), c]`, in row-major order of the window.
///
/// # Errors
/// When the geometry is not valid or a slice has another length than it says.
pub fn sum_pool2d<T: Real>(geometry: &Pool2d, x: &[T], out: &mut [T]) -> Result<(), GeometryError> {
    geometry.validate()?;
    check_length("x", x.len(), geometry.input_len())?;
    check_length("out", out.len(), geometry.output_len())?;
    let (width, channels) = (geometry.in_width, geometry.channels);
    geometry.each_row(out, |image, row, out| {
        let x = &x[image * geometry.image_length()..][..geometry.image_length()];
        for (col, out) in out.chunks_exact_mut(channels).enumerate() {
            out.fill(T::ZERO);
            for in_row in geometry.covered(0, row) {
                for in_col in geometry.covered(1, col) {
                    for (sum, &x) in out.iter_mut().zip(&x[(in_row * width + in_col) * channels..][..channels]) {
                        *sum += x;
                    }
                }
            }
        }
    });
    Ok(())
}

/// `grad_x[b, y, x, c] = sum of grad_out over the windows that cover (y, x)`.
///
/// # Errors
/// When the geometry is not valid or a slice has another length than it says.
pub fn sum_pool2d_gradient<T: Real>(geometry: &Pool2d, grad_out: &[T], grad_x: &mut [T]) -> Result<(), GeometryError> {
    /// Elements worth waking someone for.
    const BLOCK: usize = 16 << 10;
    geometry.validate()?;
    check_length("grad_out", grad_out.len(), geometry.output_len())?;
    check_length("grad_x", grad_x.len(), geometry.input_len())?;
    if grad_x.is_empty() {
        return Ok(());
    }
    let (height, width, channels) = (geometry.out_height(), geometry.out_width(), geometry.channels);
    let in_row = geometry.in_width * channels;
    let rows = geometry.batch * geometry.in_height;
    let block = BLOCK.div_ceil(in_row);
    let shared = SharedSlice::new(grad_x);
    parallel_for(rows.div_ceil(block), &|chunk| {
        for index in chunk * block..((chunk + 1) * block).min(rows) {
            let (image, row) = (index / geometry.in_height, index % geometry.in_height);
            // SAFETY: each input row belongs to one chunk.
            let grad_x = unsafe { shared.range(index * in_row..(index + 1) * in_row) };
            grad_x.fill(T::ZERO);
            for out_row in geometry.readers(&(row..row + 1)) {
                let grad_out = &grad_out[(image * height + out_row) * width * channels..][..width * channels];
                for (col, grad_out) in grad_out.chunks_exact(channels).enumerate() {
                    for in_col in geometry.covered(1, col) {
                        let grad_x = &mut grad_x[in_col * channels..][..channels];
                        grad_x.iter_mut().zip(grad_out).for_each(|(sum, &gradient)| *sum += gradient);
                    }
                }
            }
        }
    });
    Ok(())
}
