//! The correlation of targets and predictions.

use crate::mean::Mean;
use crate::samples::{aligned, mean_of_samples};
use crisol_ir::Result;
use crisol_tensor::Tensor;
use serde::{Deserialize, Serialize};

/// The mean of `covariance(y, p) / (std(y) std(p))` along an axis, from -1 to 1, as `keras.metrics.PearsonCorrelation`: 1 where predictions grow as targets do,
/// whatever their scale. Where numbers do not vary it is NaN, as in Keras: for outputs of a single number, along the last axis, always.
///
/// ```
/// use crisol_metrics::{Metric, PearsonCorrelation};
/// use crisol_tensor::Tensor;
/// let mut metric = PearsonCorrelation::new();
/// let y = Tensor::from_slice(&[0.0f32, 1.0, 0.5, 1.0, 1.0, 0.2], [2, 3]);
/// let p = Tensor::from_slice(&[0.1f32, 0.9, 0.5, 1.0, 0.9, 0.2], [2, 3]);
/// metric.update(&y, &p, None)?;
/// assert!((metric.result()?.item()? - 0.9966996).abs() < 1e-5);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Debug, Serialize, Deserialize)]
pub struct PearsonCorrelation {
    axis: isize,
    mean: Mean,
}

impl PearsonCorrelation {
    /// No batch yet; Keras' defaults.
    pub fn new() -> PearsonCorrelation {
        PearsonCorrelation { axis: -1, mean: Mean::new("pearson_correlation") }
    }

    /// The axis along which numbers belong together; the last by default, 0 for a batch of single numbers.
    #[must_use]
    pub fn axis(mut self, axis: isize) -> PearsonCorrelation {
        self.axis = axis;
        self
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let (y, p) = aligned(self.mean.name(), y_true, y_pred)?;
        let standard = |x: &Tensor| {
            let centred = x - x.mean_keep(self.axis);
            let deviation = centred.square().mean_keep(self.axis).sqrt();
            centred / deviation
        };
        Ok((standard(&y) * standard(&p)).mean(self.axis))
    }
}

impl Default for PearsonCorrelation {
    fn default() -> PearsonCorrelation {
        PearsonCorrelation::new()
    }
}

mean_of_samples!(PearsonCorrelation);
