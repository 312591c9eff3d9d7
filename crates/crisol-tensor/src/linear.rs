//! Matrix products, convolution and pooling.

use crate::recorder::record;
use crate::tensor::Tensor;
pub use crisol_ops::{Conv2dAttributes, Pool2dAttributes, same_padding};

impl Tensor {
    /// The matrix product over the last two axes; leading axes are batches, equal in both or absent in one.
    #[track_caller]
    #[must_use]
    pub fn matmul(&self, other: &Tensor) -> Tensor {
        record(&[self, other], |graph, x| crisol_ops::matmul(graph, x[0], x[1]))
    }

    /// The cross-correlation of images `[batch, height, width, channels]` with a kernel
    /// `[height, width, channels / groups, filters]`, as Keras' `conv`.
    #[track_caller]
    #[must_use]
    pub fn conv2d(&self, kernel: &Tensor, attributes: Conv2dAttributes) -> Tensor {
        record(&[self, kernel], |graph, x| crisol_ops::conv2d(graph, x[0], x[1], attributes))
    }

    /// The largest element of each window of images `[batch, height, width, channels]`.
    #[track_caller]
    #[must_use]
    pub fn max_pool2d(&self, attributes: Pool2dAttributes) -> Tensor {
        record(&[self], |graph, x| crisol_ops::max_pool2d(graph, x[0], attributes))
    }
}
