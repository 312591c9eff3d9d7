//! The mean squared error.

use crate::samples::mean_metric;
use crisol_tensor::distances;

mean_metric! {
    /// The mean of `(y_true - y_pred)^2`, over all samples, as `keras.metrics.MeanSquaredError`.
    ///
    /// ```
    /// use crisol_metrics::{Metric, MeanSquaredError};
    /// use crisol_tensor::Tensor;
    /// let mut metric = MeanSquaredError::new();
    /// metric.update(&Tensor::from_slice(&[0.0f32, 2.0], [2]), &Tensor::from_slice(&[1.0f32, 4.0], [2, 1]), None)?;
    /// assert!((metric.result()?.item()? - 2.5).abs() < 1e-4);
    /// # Ok::<(), crisol_ir::Error>(())
    /// ```
    pub struct MeanSquaredError, "mean_squared_error", distances::mean_squared_error
}
