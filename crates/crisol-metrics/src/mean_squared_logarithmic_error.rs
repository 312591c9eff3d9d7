//! The mean squared error of logarithms.

use crate::samples::mean_metric;
use crisol_tensor::distances;

mean_metric! {
    /// The mean of `(log(1 + y_true) - log(1 + y_pred))^2`, both of them at least `1e-7`, over all samples, as `keras.metrics.MeanSquaredLogarithmicError`.
    ///
    /// ```
    /// use crisol_metrics::{Metric, MeanSquaredLogarithmicError};
    /// use crisol_tensor::Tensor;
    /// let mut metric = MeanSquaredLogarithmicError::new();
    /// metric.update(&Tensor::from_slice(&[0.0f32, 3.0], [2]), &Tensor::from_slice(&[0.0f32, 3.0], [2, 1]), None)?;
    /// assert!((metric.result()?.item()? - 0.0).abs() < 1e-4);
    /// # Ok::<(), crisol_ir::Error>(())
    /// ```
    pub struct MeanSquaredLogarithmicError, "mean_squared_logarithmic_error", distances::mean_squared_logarithmic_error
}
