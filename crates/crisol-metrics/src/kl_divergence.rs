//! The Kullback-Leibler divergence.

use crate::samples::mean_metric;
use crisol_tensor::distances;

mean_metric! {
    /// The mean of `sum(y_true log(y_true / y_pred))`, with both kept between `1e-7` and 1, over all samples, as `keras.metrics.KLDivergence`.
    ///
    /// ```
    /// use crisol_metrics::{KLDivergence, Metric};
    /// use crisol_tensor::Tensor;
    /// let mut metric = KLDivergence::new();
    /// metric.update(&Tensor::from_slice(&[0.0f32, 1.0], [1, 2]), &Tensor::from_slice(&[0.5f32, 0.5], [1, 2]), None)?;
    /// assert!((metric.result()?.item()? - 0.693147).abs() < 1e-4);
    /// # Ok::<(), crisol_ir::Error>(())
    /// ```
    pub struct KLDivergence, "kl_divergence", distances::kl_divergence
}
