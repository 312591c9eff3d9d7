//! The root of the mean squared error.

use crate::mean::Mean;
use crate::metric::Metric;
use crate::samples::aligned;
use crisol_ir::Result;
use crisol_params::Config;
use crisol_tensor::{Tensor, distances};
use serde::{Deserialize, Serialize};

/// The root of the mean of `(y_true - y_pred)^2` over all samples, as `keras.metrics.RootMeanSquaredError`.
///
/// ```
/// use crisol_metrics::{Metric, RootMeanSquaredError};
/// use crisol_tensor::Tensor;
/// let mut rmse = RootMeanSquaredError::new();
/// rmse.update(&Tensor::zeros([2, 1]), &Tensor::from_slice(&[3.0f32, 4.0], [2, 1]), None)?;
/// assert!((rmse.result()?.item()? - 12.5f64.sqrt()).abs() < 1e-6);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Debug, Serialize, Deserialize)]
pub struct RootMeanSquaredError {
    squared: Mean,
}

impl RootMeanSquaredError {
    /// No batch yet.
    pub fn new() -> RootMeanSquaredError {
        RootMeanSquaredError { squared: Mean::new("root_mean_squared_error") }
    }
}

impl Default for RootMeanSquaredError {
    fn default() -> RootMeanSquaredError {
        RootMeanSquaredError::new()
    }
}

impl Metric for RootMeanSquaredError {
    fn name(&self) -> &str {
        self.squared.name()
    }

    fn update(&mut self, y_true: &Tensor, y_pred: &Tensor, sample_weight: Option<&Tensor>) -> Result<()> {
        let (y_true, y_pred) = aligned(self.name(), y_true, y_pred)?;
        self.squared.update(&distances::mean_squared_error(&y_true, &y_pred), sample_weight)
    }

    fn result(&self) -> Result<Tensor> {
        Ok(self.squared.result()?.sqrt())
    }

    fn reset(&mut self) -> Result<()> {
        self.squared.reset()
    }

    fn config(&self) -> Option<Config> {
        Config::of("root_mean_squared_error", self)
    }
}
