//! Accuracy against one-hot targets.

use crate::samples::mean_metric;
use crisol_ir::DType;
use crisol_tensor::Tensor;

mean_metric! {
    /// The share of samples whose largest output is the one of the one-hot target, as `keras.metrics.CategoricalAccuracy`.
    ///
    /// ```
    /// use crisol_metrics::{CategoricalAccuracy, Metric};
    /// use crisol_tensor::Tensor;
    /// let mut accuracy = CategoricalAccuracy::new();
    /// let y = Tensor::from_slice(&[0.0f32, 1.0, 1.0, 0.0], [2, 2]);
    /// accuracy.update(&y, &Tensor::from_slice(&[0.1f32, 0.9, 0.4, 0.6], [2, 2]), None)?;
    /// assert_eq!(accuracy.result()?.item()?, 0.5);
    /// # Ok::<(), crisol_ir::Error>(())
    /// ```
    pub struct CategoricalAccuracy, "categorical_accuracy", right
}

/// 1 for each sample whose largest output is that of the target.
pub(crate) fn right(y_true: &Tensor, y_pred: &Tensor) -> Tensor {
    y_true.argmax(-1).equal(y_pred.argmax(-1)).cast(DType::F32)
}
