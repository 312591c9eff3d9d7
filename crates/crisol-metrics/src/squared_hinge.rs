//! The squared hinge loss as a metric.

use crate::samples::mean_metric;
use crisol_tensor::distances;

mean_metric! {
    /// The mean of `max(1 - y_true y_pred, 0)^2`; targets are -1 or 1, those that are 0 or 1 become it, over all samples, as `keras.metrics.SquaredHinge`.
    ///
    /// ```
    /// use crisol_metrics::{Metric, SquaredHinge};
    /// use crisol_tensor::Tensor;
    /// let mut metric = SquaredHinge::new();
    /// metric.update(&Tensor::from_slice(&[1.0f32, 0.0], [2]), &Tensor::from_slice(&[0.5f32, 0.5], [2, 1]), None)?;
    /// assert!((metric.result()?.item()? - 1.25).abs() < 1e-4);
    /// # Ok::<(), crisol_ir::Error>(())
    /// ```
    pub struct SquaredHinge, "squared_hinge", distances::squared_hinge
}
