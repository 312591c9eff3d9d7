//! The mean absolute error.

use crate::samples::mean_metric;
use crisol_tensor::distances;

mean_metric! {
    /// The mean of `|y_true - y_pred|`, over all samples, as `keras.metrics.MeanAbsoluteError`.
    ///
    /// ```
    /// use crisol_metrics::{Metric, MeanAbsoluteError};
    /// use crisol_tensor::Tensor;
    /// let mut metric = MeanAbsoluteError::new();
    /// metric.update(&Tensor::from_slice(&[0.0f32, 2.0], [2]), &Tensor::from_slice(&[1.0f32, 4.0], [2, 1]), None)?;
    /// assert!((metric.result()?.item()? - 1.5).abs() < 1e-4);
    /// # Ok::<(), crisol_ir::Error>(())
    /// ```
    pub struct MeanAbsoluteError, "mean_absolute_error", distances::mean_absolute_error
}
