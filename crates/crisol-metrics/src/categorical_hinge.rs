//! The categorical hinge loss as a metric.

use crate::samples::mean_metric;
use crisol_tensor::distances;

mean_metric! {
    /// The mean of `max(1 + max((1 - y_true) y_pred) - sum(y_true y_pred), 0)`, over all samples, as `keras.metrics.CategoricalHinge`.
    ///
    /// ```
    /// use crisol_metrics::{CategoricalHinge, Metric};
    /// use crisol_tensor::Tensor;
    /// let mut metric = CategoricalHinge::new();
    /// metric.update(&Tensor::from_slice(&[0.0f32, 1.0], [1, 2]), &Tensor::from_slice(&[0.6f32, 0.4], [1, 2]), None)?;
    /// assert!((metric.result()?.item()? - 1.2).abs() < 1e-4);
    /// # Ok::<(), crisol_ir::Error>(())
    /// ```
    pub struct CategoricalHinge, "categorical_hinge", distances::categorical_hinge
}
