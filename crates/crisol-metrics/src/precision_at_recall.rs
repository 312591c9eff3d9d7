//! Precision where recall is high enough.

use crate::confusion::Confusion;
use crate::metric::Metric;
use crisol_ir::{Error, ErrorKind, Result};
use crisol_params::Config;
use crisol_tensor::Tensor;
use serde::{Deserialize, Serialize};

/// The best precision at a threshold whose recall is at least the given one; 0 if there is none, as `keras.metrics.PrecisionAtRecall`.
#[derive(Debug, Serialize, Deserialize)]
pub struct PrecisionAtRecall {
    recall: f64,
    confusion: Confusion,
}

impl PrecisionAtRecall {
    /// At 200 even thresholds.
    pub fn new(recall: f64) -> PrecisionAtRecall {
        PrecisionAtRecall { recall, confusion: Confusion::even(200) }
    }

    /// How many even thresholds from 0 to 1 there are.
    #[must_use]
    pub fn num_thresholds(mut self, count: usize) -> PrecisionAtRecall {
        let class = self.confusion.class_id;
        self.confusion = Confusion::even(count);
        self.confusion.class_id = class;
        self
    }

    /// Follows one class of several alone.
    #[must_use]
    pub fn class_id(mut self, class: usize) -> PrecisionAtRecall {
        self.confusion.class_id = Some(class);
        self
    }
}

impl Metric for PrecisionAtRecall {
    fn name(&self) -> &str {
        "precision_at_recall"
    }

    fn update(&mut self, y_true: &Tensor, y_pred: &Tensor, sample_weight: Option<&Tensor>) -> Result<()> {
        if !(0.0..=1.0).contains(&self.recall) {
            let text = format!("recall is {}, expected 0 to 1", self.recall);
            return Err(Error::new(ErrorKind::Value, text).operation("precision_at_recall"));
        }
        self.confusion.update(y_true, y_pred, sample_weight).map_err(|error| error.operation("precision_at_recall"))
    }

    fn result(&self) -> Result<Tensor> {
        let enough = self.confusion.recall().greater_equal(self.recall);
        Ok(enough.select(self.confusion.precision(), 0.0).max_all())
    }

    fn reset(&mut self) -> Result<()> {
        self.confusion.reset()
    }

    fn config(&self) -> Option<Config> {
        Config::of("precision_at_recall", self)
    }
}
