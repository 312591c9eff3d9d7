//! Distances between numbers: mean squared error, its root, mean absolute error.

use crate::mean::Mean;
use crate::metric::Metric;
use crisol_ir::{Error, ErrorKind, Result};
use crisol_params::Config;
use crisol_tensor::{Tensor, align};
use serde::{Deserialize, Serialize};

/// Which distance is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Distance {
    Squared,
    RootOfSquared,
    Absolute,
}

/// The mean distance between targets and predictions, as `keras.metrics.MeanSquaredError`, `RootMeanSquaredError` and
/// `MeanAbsoluteError`.
///
/// ```
/// use crisol_metrics::{MeanDistance, Metric};
/// use crisol_tensor::Tensor;
/// let mut rmse = MeanDistance::root_mean_squared_error()?;
/// rmse.update(&Tensor::zeros([2, 1]), &Tensor::from_slice(&[3.0f32, 4.0], [2, 1]), None)?;
/// assert!((rmse.result()?.item()? - 12.5f64.sqrt()).abs() < 1e-6);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Debug, Serialize, Deserialize)]
pub struct MeanDistance {
    distance: Distance,
    mean: Mean,
}

impl MeanDistance {
    /// The mean of `(y_true - y_pred)^2`.
    ///
    /// # Errors
    /// The state could not be made.
    pub fn mean_squared_error() -> Result<MeanDistance> {
        MeanDistance::with(Distance::Squared, "mean_squared_error")
    }

    /// The root of the mean of `(y_true - y_pred)^2` over all samples.
    ///
    /// # Errors
    /// The state could not be made.
    pub fn root_mean_squared_error() -> Result<MeanDistance> {
        MeanDistance::with(Distance::RootOfSquared, "root_mean_squared_error")
    }

    /// The mean of `|y_true - y_pred|`.
    ///
    /// # Errors
    /// The state could not be made.
    pub fn mean_absolute_error() -> Result<MeanDistance> {
        MeanDistance::with(Distance::Absolute, "mean_absolute_error")
    }

    fn with(distance: Distance, name: &str) -> Result<MeanDistance> {
        Ok(MeanDistance { distance, mean: Mean::new(name)? })
    }
}

impl Metric for MeanDistance {
    fn name(&self) -> &str {
        self.mean.name()
    }

    fn update(&mut self, y_true: &Tensor, y_pred: &Tensor, sample_weight: Option<&Tensor>) -> Result<()> {
        let (y_true, y_pred) = align(y_true, y_pred)?;
        let y_true = y_true.cast(y_pred.dtype()?);
        let (a, b) = (y_true.shape()?, y_pred.shape()?);
        if a != b {
            let text = format!("targets have shape {a}, predictions {b}");
            return Err(Error::new(ErrorKind::Shape, text).operation(self.name()));
        }
        let difference = y_true - y_pred;
        let distance = match self.distance {
            Distance::Squared | Distance::RootOfSquared => difference.square(),
            Distance::Absolute => difference.abs(),
        };
        let samples = if b.rank() > 1 { distance.mean(-1) } else { distance };
        self.mean.update(&samples, sample_weight)
    }

    fn result(&self) -> Result<Tensor> {
        let mean = self.mean.result()?;
        Ok(if self.distance == Distance::RootOfSquared { mean.sqrt() } else { mean })
    }

    fn reset(&mut self) -> Result<()> {
        self.mean.reset()
    }

    fn config(&self) -> Option<Config> {
        Config::of("mean_distance", self)
    }
}
