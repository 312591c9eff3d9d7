//! Sensitivity where specificity is high enough.

use crate::confusion::Confusion;
use crate::metric::Metric;
use crisol_ir::{Error, ErrorKind, Result};
use crisol_params::Config;
use crisol_tensor::Tensor;
use serde::{Deserialize, Serialize};

/// The best sensitivity (recall) at a threshold whose specificity, the share of right ones among the targets that are no, is at least the given one; 0 if there is none, as `keras.metrics.SensitivityAtSpecificity`.
#[derive(Debug, Serialize, Deserialize)]
pub struct SensitivityAtSpecificity {
    specificity: f64,
    confusion: Confusion,
}

impl SensitivityAtSpecificity {
    /// At 200 even thresholds.
    pub fn new(specificity: f64) -> SensitivityAtSpecificity {
        SensitivityAtSpecificity { specificity, confusion: Confusion::even(200) }
    }

    /// How many even thresholds from 0 to 1 there are.
    #[must_use]
    pub fn num_thresholds(mut self, count: usize) -> SensitivityAtSpecificity {
        let class = self.confusion.class_id;
        self.confusion = Confusion::even(count);
        self.confusion.class_id = class;
        self
    }

    /// Follows one class of several alone.
    #[must_use]
    pub fn class_id(mut self, class: usize) -> SensitivityAtSpecificity {
        self.confusion.class_id = Some(class);
        self
    }
}

impl Metric for SensitivityAtSpecificity {
    fn name(&self) -> &str {
        "sensitivity_at_specificity"
    }

    fn update(&mut self, y_true: &Tensor, y_pred: &Tensor, sample_weight: Option<&Tensor>) -> Result<()> {
        if !(0.0..=1.0).contains(&self.specificity) {
            let text = format!("specificity is {}, expected 0 to 1", self.specificity);
            return Err(Error::new(ErrorKind::Value, text).operation("sensitivity_at_specificity"));
        }
        self.confusion
            .update(y_true, y_pred, sample_weight)
            .map_err(|error| error.operation("sensitivity_at_specificity"))
    }

    fn result(&self) -> Result<Tensor> {
        let enough = self.confusion.specificity().greater_equal(self.specificity);
        Ok(enough.select(self.confusion.recall(), 0.0).max_all())
    }

    fn reset(&mut self) -> Result<()> {
        self.confusion.reset()
    }

    fn config(&self) -> Option<Config> {
        Config::of("sensitivity_at_specificity", self)
    }
}
