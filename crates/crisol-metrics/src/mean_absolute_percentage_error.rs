//! The mean absolute error in per cent.

use crate::samples::mean_metric;
use crisol_tensor::distances;

mean_metric! {
    /// The mean of `100 |y_true - y_pred| / max(|y_true|, 1e-7)`, over all samples, as `keras.metrics.MeanAbsolutePercentageError`.
    ///
    /// ```
    /// use crisol_metrics::{Metric, MeanAbsolutePercentageError};
    /// use crisol_tensor::Tensor;
    /// let mut metric = MeanAbsolutePercentageError::new();
    /// metric.update(&Tensor::from_slice(&[1.0f32, 2.0], [2]), &Tensor::from_slice(&[2.0f32, 4.0], [2, 1]), None)?;
    /// assert!((metric.result()?.item()? - 100.0).abs() < 1e-4);
    /// # Ok::<(), crisol_ir::Error>(())
    /// ```
    pub struct MeanAbsolutePercentageError, "mean_absolute_percentage_error", distances::mean_absolute_percentage_error
}
