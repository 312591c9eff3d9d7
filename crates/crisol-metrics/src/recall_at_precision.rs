//! Recall where precision is high enough.

use crate::confusion::Confusion;
use crate::metric::Metric;
use crisol_ir::{Error, ErrorKind, Result};
use crisol_params::Config;
use crisol_tensor::Tensor;
use serde::{Deserialize, Serialize};

/// The best recall at a threshold whose precision is at least the given one; 0 if there is none, as `keras.metrics.RecallAtPrecision`.
#[derive(Debug, Serialize, Deserialize)]
pub struct RecallAtPrecision {
    precision: f64,
    confusion: Confusion,
}

impl RecallAtPrecision {
    /// At 200 even thresholds.
    pub fn new(precision: f64) -> RecallAtPrecision {
        RecallAtPrecision { precision, confusion: Confusion::even(200) }
    }

    /// How many even thresholds from 0 to 1 there are.
    #[must_use]
    pub fn num_thresholds(mut self, count: usize) -> RecallAtPrecision {
        let class = self.confusion.class_id;
        self.confusion = Confusion::even(count);
        self.confusion.class_id = class;
        self
    }

    /// Follows one class of several alone.
    #[must_use]
    pub fn class_id(mut self, class: usize) -> RecallAtPrecision {
        self.confusion.class_id = Some(class);
        self
    }
}

impl Metric for RecallAtPrecision {
    fn name(&self) -> &str {
        "recall_at_precision"
    }

    fn update(&mut self, y_true: &Tensor, y_pred: &Tensor, sample_weight: Option<&Tensor>) -> Result<()> {
        if !(0.0..=1.0).contains(&self.precision) {
            let text = format!("precision is {}, expected 0 to 1", self.precision);
            return Err(Error::new(ErrorKind::Value, text).operation("recall_at_precision"));
        }
        self.confusion.update(y_true, y_pred, sample_weight).map_err(|error| error.operation("recall_at_precision"))
    }

    fn result(&self) -> Result<Tensor> {
        let enough = self.confusion.precision().greater_equal(self.precision);
        Ok(enough.select(self.confusion.recall(), 0.0).max_all())
    }

    fn reset(&mut self) -> Result<()> {
        self.confusion.reset()
    }

    fn config(&self) -> Option<Config> {
        Config::of("recall_at_precision", self)
    }
}
