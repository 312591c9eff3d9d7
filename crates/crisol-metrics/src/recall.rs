//! Recall.

use crate::confusion::Confusion;
use crate::metric::Metric;
use crate::state::divide_no_nan;
use crisol_ir::Result;
use crisol_params::Config;
use crisol_tensor::Tensor;
use serde::{Deserialize, Serialize};

/// The share of the targets that are yes which predictions found, 0 if there are none, as `keras.metrics.Recall`; predictions above the threshold, 0.5 unless said, mean yes.
///
/// ```
/// use crisol_metrics::{Metric, Recall};
/// use crisol_tensor::Tensor;
/// let mut metric = Recall::new();
/// let y = Tensor::from_slice(&[0u8, 1, 1, 1], [4]);
/// metric.update(&y, &Tensor::from_slice(&[0.9f32, 0.1, 0.9, 0.8], [4, 1]), None)?;
/// assert!((metric.result()?.item()? - 2.0 / 3.0).abs() < 1e-6);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Debug, Serialize, Deserialize)]
pub struct Recall {
    confusion: Confusion,
}

impl Recall {
    /// At the threshold 0.5.
    pub fn new() -> Recall {
        Recall { confusion: Confusion::new(vec![0.5]) }
    }

    /// The thresholds, from 0 to 1; the result has one number for each.
    #[must_use]
    pub fn thresholds(mut self, thresholds: impl Into<Vec<f64>>) -> Recall {
        self.confusion.set_thresholds(thresholds.into());
        self
    }

    /// Only the best `count` outputs of a sample can mean yes; without thresholds all of them do.
    #[must_use]
    pub fn top_k(mut self, count: usize) -> Recall {
        self.confusion.best(count);
        self
    }

    /// Follows one class of several alone.
    #[must_use]
    pub fn class_id(mut self, class: usize) -> Recall {
        self.confusion.class_id = Some(class);
        self
    }
}

impl Default for Recall {
    fn default() -> Recall {
        Recall::new()
    }
}

impl Metric for Recall {
    fn name(&self) -> &str {
        "recall"
    }

    fn update(&mut self, y_true: &Tensor, y_pred: &Tensor, sample_weight: Option<&Tensor>) -> Result<()> {
        self.confusion.check(self.name())?;
        self.confusion.update(y_true, y_pred, sample_weight).map_err(|error| error.operation("recall"))
    }

    fn result(&self) -> Result<Tensor> {
        let hits = self.confusion.true_positives();
        Ok(self.confusion.shown(divide_no_nan(&hits, &(&hits + self.confusion.false_negatives()))))
    }

    fn reset(&mut self) -> Result<()> {
        self.confusion.reset()
    }

    fn config(&self) -> Option<Config> {
        Config::of("recall", self)
    }
}
