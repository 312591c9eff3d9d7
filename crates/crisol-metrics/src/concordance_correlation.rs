//! How near to equal targets and predictions are.

use crate::mean::Mean;
use crate::samples::{aligned, mean_of_samples};
use crisol_ir::Result;
use crisol_tensor::{Tensor, distances};
use serde::{Deserialize, Serialize};

/// The mean of `2 (y - mean(p)) (p - mean(p)) / (var(y) + var(p) + (mean(y) - mean(p))^2 + 1e-7)` along an axis, as `keras.metrics.ConcordanceCorrelation`: 1 where they are
/// equal, less than the [correlation](crate::PearsonCorrelation) where they differ in mean or scale.
///
/// Keras subtracts the mean of the predictions from the targets too. The sum over the axis is that of Lin's coefficient (1989) all the same: the other factor sums to 0.
///
/// ```
/// use crisol_metrics::{ConcordanceCorrelation, Metric};
/// use crisol_tensor::Tensor;
/// let mut metric = ConcordanceCorrelation::new();
/// let y = Tensor::from_slice(&[0.0f32, 1.0, 0.5, 1.0, 1.0, 0.2], [2, 3]);
/// let p = Tensor::from_slice(&[0.1f32, 0.9, 0.5, 1.0, 0.9, 0.2], [2, 3]);
/// metric.update(&y, &p, None)?;
/// assert!((metric.result()?.item()? - 0.9816320).abs() < 1e-5);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Debug, Serialize, Deserialize)]
pub struct ConcordanceCorrelation {
    axis: isize,
    mean: Mean,
}

impl ConcordanceCorrelation {
    /// No batch yet; Keras' defaults.
    pub fn new() -> ConcordanceCorrelation {
        ConcordanceCorrelation { axis: -1, mean: Mean::new("concordance_correlation") }
    }

    /// The axis along which numbers belong together; the last by default, 0 for a batch of single numbers.
    #[must_use]
    pub fn axis(mut self, axis: isize) -> ConcordanceCorrelation {
        self.axis = axis;
        self
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let (y, p) = aligned(self.mean.name(), y_true, y_pred)?;
        let (y_mean, p_mean) = (y.mean_keep(self.axis), p.mean_keep(self.axis));
        let variance = |x: &Tensor, mean: &Tensor| (x - mean).square().mean_keep(self.axis);
        let norm = variance(&y, &y_mean) + variance(&p, &p_mean) + (&y_mean - &p_mean).square();
        let covariance = (&y - &p_mean) * (&p - &p_mean);
        Ok((covariance * 2.0 / (norm + distances::EPSILON)).mean(self.axis))
    }
}

impl Default for ConcordanceCorrelation {
    fn default() -> ConcordanceCorrelation {
        ConcordanceCorrelation::new()
    }
}

mean_of_samples!(ConcordanceCorrelation);
