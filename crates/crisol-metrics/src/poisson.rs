//! The Poisson loss as a metric.

use crate::samples::mean_metric;
use crisol_tensor::distances;

mean_metric! {
    /// The mean of `y_pred - y_true log(y_pred + 1e-7)`, over all samples, as `keras.metrics.Poisson`.
    ///
    /// ```
    /// use crisol_metrics::{Poisson, Metric};
    /// use crisol_tensor::Tensor;
    /// let mut metric = Poisson::new();
    /// metric.update(&Tensor::from_slice(&[0.0f32, 1.0], [1, 2]), &Tensor::from_slice(&[1.0f32, 1.0], [1, 2]), None)?;
    /// assert!((metric.result()?.item()? - 1.0).abs() < 1e-4);
    /// # Ok::<(), crisol_ir::Error>(())
    /// ```
    pub struct Poisson, "poisson", distances::poisson
}
