//! How many predictions of no are wrong.

use crate::confusion::Confusion;
use crate::metric::Metric;
use crisol_ir::Result;
use crisol_params::Config;
use crisol_tensor::Tensor;
use serde::{Deserialize, Serialize};

/// How many predictions of no are wrong, or the sum of their weights, as `keras.metrics.FalseNegatives`; predictions above the threshold, 0.5 unless said, mean yes.
#[derive(Debug, Serialize, Deserialize)]
pub struct FalseNegatives {
    confusion: Confusion,
}

impl FalseNegatives {
    /// At the threshold 0.5.
    pub fn new() -> FalseNegatives {
        FalseNegatives { confusion: Confusion::new(vec![0.5]) }
    }

    /// The thresholds, from 0 to 1; the result has one number for each.
    #[must_use]
    pub fn thresholds(mut self, thresholds: impl Into<Vec<f64>>) -> FalseNegatives {
        self.confusion.set_thresholds(thresholds.into());
        self
    }
}

impl Default for FalseNegatives {
    fn default() -> FalseNegatives {
        FalseNegatives::new()
    }
}

impl Metric for FalseNegatives {
    fn name(&self) -> &str {
        "false_negatives"
    }

    fn update(&mut self, y_true: &Tensor, y_pred: &Tensor, sample_weight: Option<&Tensor>) -> Result<()> {
        self.confusion.check(self.name())?;
        self.confusion.update(y_true, y_pred, sample_weight).map_err(|error| error.operation("false_negatives"))
    }

    fn result(&self) -> Result<Tensor> {
        Ok(self.confusion.shown(self.confusion.false_negatives()))
    }

    fn reset(&mut self) -> Result<()> {
        self.confusion.reset()
    }

    fn config(&self) -> Option<Config> {
        Config::of("false_negatives", self)
    }
}
