//! What a model follows while it trains or is evaluated: its loss and its metrics.

use crisol_callbacks::Logs;
use crisol_ir::{DType, Result};
use crisol_metrics::{Mean, Metric};
use crisol_tensor::Tensor;

/// The mean loss and the metrics over the batches since the last reset.
#[derive(Debug)]
pub(crate) struct Trackers {
    loss: Mean,
    metrics: Vec<Box<dyn Metric>>,
}

impl Trackers {
    /// Takes the metrics, unless there is an error.
    pub(crate) fn new(metrics: &mut Vec<Box<dyn Metric>>) -> Result<Trackers> {
        Ok(Trackers { loss: Mean::new("loss")?, metrics: std::mem::take(metrics) })
    }

    /// Gives the metrics back.
    pub(crate) fn take_metrics(&mut self) -> Vec<Box<dyn Metric>> {
        std::mem::take(&mut self.metrics)
    }

    /// Takes in a batch: its mean loss counts as often as it has samples, as in Keras.
    pub(crate) fn update(
        &mut self,
        loss: &Tensor,
        samples: usize,
        y_true: &Tensor,
        y_pred: &Tensor,
        sample_weight: Option<&Tensor>,
    ) -> Result<()> {
        self.loss.update(loss, Some(&Tensor::scalar(DType::F32, samples as f64)))?;
        for metric in &mut self.metrics {
            metric.update(y_true, y_pred, sample_weight)?;
        }
        Ok(())
    }

    /// The numbers so far, all computed in one plan.
    pub(crate) fn logs(&self) -> Result<Logs> {
        let mut results = vec![("loss", self.loss.result()?)];
        for metric in &self.metrics {
            results.push((metric.name(), metric.result()?));
        }
        let mut logs = Logs::new();
        for (name, result) in results {
            logs.set(name, result.item()?);
        }
        Ok(logs)
    }

    pub(crate) fn reset(&mut self) -> Result<()> {
        self.loss.reset()?;
        self.metrics.iter_mut().try_for_each(|metric| metric.reset())
    }
}
