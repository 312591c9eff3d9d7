//! The confusion matrix: which classes are taken for which.

use crate::samples::same_shape;
use crisol_ir::{DType, Result};
use crisol_tensor::{Tensor, align, spread_weights};

/// How often each class (row) is predicted as each class (column): `float32[num_classes, num_classes]`, as
/// `keras.src.metrics.metrics_utils.confusion_matrix` and TensorFlow's `tf.math.confusion_matrix`.
///
/// Both are class numbers of any one shape; a sample with a number outside of `0..num_classes` does not count. Weights are one a sample, or one a
/// number.
///
/// ```
/// use crisol_metrics::confusion_matrix;
/// use crisol_tensor::Tensor;
/// let y = Tensor::from_slice(&[0i64, 1, 1, 2], [4]);
/// let p = Tensor::from_slice(&[0i64, 1, 0, 2], [4]);
/// let matrix = confusion_matrix(&y, &p, 3, None)?;
/// assert_eq!(matrix.to_vec::<f32>()?, [1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0]);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
///
/// # Errors
/// Shapes that do not fit.
pub fn confusion_matrix(
    y_true: &Tensor,
    y_pred: &Tensor,
    num_classes: usize,
    sample_weight: Option<&Tensor>,
) -> Result<Tensor> {
    let (y, p) = align(y_true, y_pred)?;
    same_shape("confusion_matrix", &y, &p)?;
    let shape = p.shape()?;
    let classes = Tensor::range(DType::I32, num_classes);
    // A row of zeros for a number that is no class; the other side's is then multiplied by it.
    let one_hot = |numbers: &Tensor| {
        let numbers = numbers.cast(DType::I32).reshape([shape.elements(), 1]);
        numbers.equal(&classes).cast(DType::F32)
    };
    let mut rows = one_hot(&y);
    if let Some(weight) = sample_weight {
        let weight = spread_weights(&weight.cast(DType::F32), &shape)?.broadcast_to(shape);
        rows = rows * weight.reshape([shape.elements(), 1]);
    }
    let matrix = rows.transpose().matmul(&one_hot(&p));
    matrix.check()?;
    Ok(matrix)
}
