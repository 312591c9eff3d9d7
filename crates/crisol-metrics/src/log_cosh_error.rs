//! The logarithm of the hyperbolic cosine of errors.

use crate::samples::mean_metric;
use crisol_tensor::distances;

mean_metric! {
    /// The mean of `log(cosh(y_pred - y_true))`, under the name `logcosh` as in Keras, over all samples, as `keras.metrics.LogCoshError`.
    ///
    /// ```
    /// use crisol_metrics::{Metric, LogCoshError};
    /// use crisol_tensor::Tensor;
    /// let mut metric = LogCoshError::new();
    /// metric.update(&Tensor::from_slice(&[1.0f32, 3.0], [2]), &Tensor::from_slice(&[1.0f32, 3.0], [2, 1]), None)?;
    /// assert!((metric.result()?.item()? - 0.0).abs() < 1e-4);
    /// # Ok::<(), crisol_ir::Error>(())
    /// ```
    pub struct LogCoshError, "logcosh", distances::log_cosh
}
