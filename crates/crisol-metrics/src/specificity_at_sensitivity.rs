//! Specificity where sensitivity is high enough.

use crate::confusion::Confusion;
use crate::metric::Metric;
use crisol_ir::{Error, ErrorKind, Result};
use crisol_params::Config;
use crisol_tensor::Tensor;
use serde::{Deserialize, Serialize};

/// The best specificity, the share of right ones among the targets that are no, at a threshold whose sensitivity (recall) is at least the given one; 0 if there is none, as `keras.metrics.SpecificityAtSensitivity`.
#[derive(Debug, Serialize, Deserialize)]
pub struct SpecificityAtSensitivity {
    sensitivity: f64,
    confusion: Confusion,
}

impl SpecificityAtSensitivity {
    /// At 200 even thresholds.
    pub fn new(sensitivity: f64) -> SpecificityAtSensitivity {
        SpecificityAtSensitivity { sensitivity, confusion: Confusion::even(200) }
    }

    /// How many even thresholds from 0 to 1 there are.
    #[must_use]
    pub fn num_thresholds(mut self, count: usize) -> SpecificityAtSensitivity {
        let class = self.confusion.class_id;
        self.confusion = Confusion::even(count);
        self.confusion.class_id = class;
        self
    }

    /// Follows one class of several alone.
    #[must_use]
    pub fn class_id(mut self, class: usize) -> SpecificityAtSensitivity {
        self.confusion.class_id = Some(class);
        self
    }
}

impl Metric for SpecificityAtSensitivity {
    fn name(&self) -> &str {
        "specificity_at_sensitivity"
    }

    fn update(&mut self, y_true: &Tensor, y_pred: &Tensor, sample_weight: Option<&Tensor>) -> Result<()> {
        if !(0.0..=1.0).contains(&self.sensitivity) {
            let text = format!("sensitivity is {}, expected 0 to 1", self.sensitivity);
            return Err(Error::new(ErrorKind::Value, text).operation("specificity_at_sensitivity"));
        }
        self.confusion
            .update(y_true, y_pred, sample_weight)
            .map_err(|error| error.operation("specificity_at_sensitivity"))
    }

    fn result(&self) -> Result<Tensor> {
        let enough = self.confusion.recall().greater_equal(self.sensitivity);
        Ok(enough.select(self.confusion.specificity(), 0.0).max_all())
    }

    fn reset(&mut self) -> Result<()> {
        self.confusion.reset()
    }

    fn config(&self) -> Option<Config> {
        Config::of("specificity_at_sensitivity", self)
    }
}
