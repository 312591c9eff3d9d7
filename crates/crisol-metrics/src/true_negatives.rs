//! How many predictions of no are right.

use crate::confusion::Confusion;
use crate::metric::Metric;
use crisol_ir::Result;
use crisol_params::Config;
use crisol_tensor::Tensor;
use serde::{Deserialize, Serialize};

/// How many predictions of no are right, or the sum of their weights, as `keras.metrics.TrueNegatives`; predictions above the threshold, 0.5 unless said, mean yes.
#[derive(Debug, Serialize, Deserialize)]
pub struct TrueNegatives {
    confusion: Confusion,
}

impl TrueNegatives {
    /// At the threshold 0.5.
    pub fn new() -> TrueNegatives {
        TrueNegatives { confusion: Confusion::new(vec![0.5]) }
    }

    /// The thresholds, from 0 to 1; the result has one number for each.
    #[must_use]
    pub fn thresholds(mut self, thresholds: impl Into<Vec<f64>>) -> TrueNegatives {
        self.confusion.set_thresholds(thresholds.into());
        self
    }
}

impl Default for TrueNegatives {
    fn default() -> TrueNegatives {
        TrueNegatives::new()
    }
}

impl Metric for TrueNegatives {
    fn name(&self) -> &str {
        "true_negatives"
    }

    fn update(&mut self, y_true: &Tensor, y_pred: &Tensor, sample_weight: Option<&Tensor>) -> Result<()> {
        self.confusion.check(self.name())?;
        self.confusion.update(y_true, y_pred, sample_weight).map_err(|error| error.operation("true_negatives"))
    }

    fn result(&self) -> Result<Tensor> {
        Ok(self.confusion.shown(self.confusion.true_negatives()))
    }

    fn reset(&mut self) -> Result<()> {
        self.confusion.reset()
    }

    fn config(&self) -> Option<Config> {
        Config::of("true_negatives", self)
    }
}
