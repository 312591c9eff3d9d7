//! Matrix products, sums over products, convolution, pooling and resizing.

use crate::recorder::record;
use crate::tensor::Tensor;
pub use crisol_ops::{
    Conv2dAttributes, Interpolation, Padding, Pool2dAttributes, causal_padding, same_padding, transposed_window,
};

/// Products.
impl Tensor {
    /// The matrix product over the last two axes by NumPy's rule: leading axes broadcast; a vector is one row on the
    /// left, one column on the right, and that axis is not in the result.
    #[track_caller]
    #[must_use]
    pub fn matmul(&self, other: &Tensor) -> Tensor {
        record(&[self, other], |graph, x| crisol_ops::matmul(graph, x[0], x[1]))
    }

    /// NumPy's `dot`: the product with a scalar; else the sum over the last axis of this and the last but one of the
    /// other, or its only one.
    #[track_caller]
    #[must_use]
    pub fn dot(&self, other: &Tensor) -> Tensor {
        record(&[self, other], |graph, x| crisol_ops::dot(graph, x[0], x[1]))
    }

    /// The sum over products along pairs of axes: `axes[i]` of this with `other_axes[i]` of the other.
    #[track_caller]
    #[must_use]
    pub fn tensordot(&self, other: &Tensor, axes: &[isize], other_axes: &[isize]) -> Tensor {
        record(&[self, other], |graph, x| crisol_ops::tensordot(graph, x[0], x[1], axes, other_axes))
    }

    /// Every element of this times every element of the other: a matrix, whatever the shapes.
    #[track_caller]
    #[must_use]
    pub fn outer(&self, other: &Tensor) -> Tensor {
        record(&[self, other], |graph, x| crisol_ops::outer(graph, x[0], x[1]))
    }

    /// The sum over products that an equation describes, as NumPy's `einsum`: repeated letters, `...` and outputs left
    /// out included.
    ///
    /// ```
    /// # use crisol_tensor::Tensor;
    /// let x = Tensor::from_slice(&[1.0f32, 2.0, 3.0, 4.0], [2, 2]);
    /// assert_eq!(Tensor::einsum("ij,kj->ik", &[&x, &x]).to_vec::<f32>()?, [5.0, 11.0, 11.0, 25.0]);
    /// assert_eq!(Tensor::einsum("ii->i", &[&x]).to_vec::<f32>()?, [1.0, 4.0]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[track_caller]
    pub fn einsum(equation: &str, operands: &[&Tensor]) -> Tensor {
        record(operands, |graph, x| crisol_ops::einsum(graph, equation, x))
    }
}

/// Convolution; sequences are `[batch, length, channels]`, images `[batch, height, width, channels]`.
impl Tensor {
    /// The cross-correlation of sequences with a kernel `[length, channels / groups, filters]`; [`Padding::around`]
    /// computes the zeros before and after.
    #[track_caller]
    #[must_use]
    pub fn conv1d(
        &self,
        kernel: &Tensor,
        stride: usize,
        dilation: usize,
        padding: [usize; 2],
        groups: usize,
    ) -> Tensor {
        record(&[self, kernel], |graph, x| crisol_ops::conv1d(graph, x[0], x[1], stride, dilation, padding, groups))
    }

    /// The cross-correlation of images with a kernel `[height, width, channels / groups, filters]`, as Keras' `conv`.
    #[track_caller]
    #[must_use]
    pub fn conv2d(&self, kernel: &Tensor, attributes: Conv2dAttributes) -> Tensor {
        record(&[self, kernel], |graph, x| crisol_ops::conv2d(graph, x[0], x[1], attributes))
    }

    /// The transposed convolution of sequences with a kernel `[length, filters, channels]`; `output_padding` more
    /// elements at the end, as many as Keras adds if `None`.
    #[track_caller]
    #[must_use]
    pub fn conv1d_transpose(
        &self,
        kernel: &Tensor,
        stride: usize,
        dilation: usize,
        padding: Padding,
        output_padding: Option<usize>,
    ) -> Tensor {
        record(&[self, kernel], |graph, x| {
            crisol_ops::conv1d_transpose(graph, x[0], x[1], stride, dilation, padding, output_padding)
        })
    }

    /// The transposed convolution of images with a kernel `[height, width, filters / groups, channels]`, to images of
    /// height and width `image`: the gradient of the convolution with these attributes. [`transposed_window`] computes
    /// them from Keras' settings.
    #[track_caller]
    #[must_use]
    pub fn conv2d_transpose(&self, kernel: &Tensor, attributes: Conv2dAttributes, image: [usize; 2]) -> Tensor {
        record(&[self, kernel], |graph, x| crisol_ops::conv2d_transpose(graph, x[0], x[1], attributes, image))
    }
}

/// Pooling and resizing.
impl Tensor {
    /// The largest element under a window that moves over sequences.
    #[track_caller]
    #[must_use]
    pub fn max_pool1d(&self, window: usize, stride: usize, padding: [usize; 2]) -> Tensor {
        record(&[self], |graph, x| crisol_ops::max_pool1d(graph, x[0], window, stride, padding))
    }

    /// The largest element of each window of images `[batch, height, width, channels]`.
    #[track_caller]
    #[must_use]
    pub fn max_pool2d(&self, attributes: Pool2dAttributes) -> Tensor {
        record(&[self], |graph, x| crisol_ops::max_pool2d(graph, x[0], attributes))
    }

    /// The mean under a window that moves over sequences; padding does not count.
    #[track_caller]
    #[must_use]
    pub fn average_pool1d(&self, window: usize, stride: usize, padding: [usize; 2]) -> Tensor {
        record(&[self], |graph, x| crisol_ops::average_pool1d(graph, x[0], window, stride, padding))
    }

    /// The mean of each window of images `[batch, height, width, channels]`; padding does not count.
    #[track_caller]
    #[must_use]
    pub fn average_pool2d(&self, attributes: Pool2dAttributes) -> Tensor {
        record(&[self], |graph, x| crisol_ops::average_pool2d(graph, x[0], attributes))
    }

    /// Images of another height and width. `antialias` widens the filter where the image shrinks, so that every pixel
    /// counts.
    ///
    /// ```
    /// # use crisol_tensor::{Interpolation, Tensor};
    /// let x = Tensor::from_slice(&[0.0f32, 1.0], [1, 1, 2, 1]);
    /// assert_eq!(x.resize([1, 4], Interpolation::Bilinear, false).to_vec::<f32>()?, [0.0, 0.25, 0.75, 1.0]);
    /// assert_eq!(x.resize([1, 4], Interpolation::Nearest, false).to_vec::<f32>()?, [0.0, 0.0, 1.0, 1.0]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn resize(&self, size: [usize; 2], interpolation: Interpolation, antialias: bool) -> Tensor {
        record(&[self], |graph, x| crisol_ops::resize(graph, x[0], size, interpolation, antialias))
    }
}
