//! What a model follows while it trains or is evaluated: its loss and its metrics.

use crate::batch::Data;
use crisol_callbacks::Logs;
use crisol_ir::{DType, Error, ErrorKind, Result};
use crisol_metrics::{Mean, Metric};
use crisol_tensor::Tensor;

/// The mean losses and the metrics over the batches since the last reset.
#[derive(Debug, Default)]
pub(crate) struct Trackers {
    /// Absent before a model is compiled.
    loss: Option<Mean>,
    /// The losses of several outputs.
    parts: Vec<Mean>,
    metrics: Vec<Listed>,
    /// The means of what layers added.
    added: Vec<Mean>,
}

/// A metric of an output.
#[derive(Debug)]
pub(crate) struct Listed {
    /// The name in the logs: the metric's own, with that of the output and a number where it would not be alone.
    pub(crate) name: String,
    pub(crate) output: usize,
    pub(crate) is_weighted: bool,
    pub(crate) metric: Box<dyn Metric>,
}

impl Trackers {
    pub(crate) fn new(parts: Vec<String>, metrics: Vec<Listed>) -> Trackers {
        let parts = parts.into_iter().map(Mean::new).collect();
        Trackers { loss: Some(Mean::new("loss")), parts, metrics, added: Vec::new() }
    }

    /// The metrics that a model was compiled with.
    pub(crate) fn listed(&self) -> &[Listed] {
        &self.metrics
    }

    /// Takes in the loss of a batch, which counts as often as the batch has samples, as in Keras.
    pub(crate) fn update_loss(&mut self, loss: &Tensor, parts: &[Tensor], samples: usize) -> Result<()> {
        let samples = Tensor::scalar(DType::F32, samples as f64);
        for (mean, part) in self.parts.iter_mut().zip(parts) {
            mean.update(part, Some(&samples))?;
        }
        self.loss.as_mut().map_or(Ok(()), |mean| mean.update(loss, Some(&samples)))
    }

    /// Takes in the outputs of a batch, and what layers added.
    pub(crate) fn update_metrics(
        &mut self,
        data: &Data,
        outputs: &[Tensor],
        added: Vec<(String, Tensor)>,
    ) -> Result<()> {
        self.update_added(added)?;
        if self.metrics.is_empty() {
            return Ok(());
        }
        let targets = data.targets()?;
        for Listed { output, is_weighted, metric, .. } in &mut self.metrics {
            let weight = if *is_weighted { data.weight_of(*output) } else { None };
            if let (Some(target), Some(prediction)) = (targets.get(*output), outputs.get(*output)) {
                metric.update(target, prediction, weight)?;
            }
        }
        Ok(())
    }

    /// Takes in the output of a batch of a model of one output.
    pub(crate) fn update_one(
        &mut self,
        y_true: &Tensor,
        y_pred: &Tensor,
        weight: Option<&Tensor>,
        added: Vec<(String, Tensor)>,
    ) -> Result<()> {
        self.update_added(added)?;
        for listed in &mut self.metrics {
            listed.metric.update(y_true, y_pred, weight.filter(|_| listed.is_weighted))?;
        }
        Ok(())
    }

    /// Each counts once a batch.
    fn update_added(&mut self, added: Vec<(String, Tensor)>) -> Result<()> {
        for (name, value) in added {
            let known = self.added.iter_mut().find(|mean| mean.name() == name);
            let mean = match known {
                Some(mean) => mean,
                None => {
                    self.added.push(Mean::new(name));
                    let last = self.added.len() - 1;
                    &mut self.added[last]
                }
            };
            mean.update(&value, None)?;
        }
        Ok(())
    }

    /// The numbers so far, all computed in one plan. Of a metric with several, as one for each class, it is their mean, which is what
    /// Keras' progress line shows.
    pub(crate) fn logs(&self) -> Result<Logs> {
        let mut results = Vec::new();
        for part in self.loss.iter().chain(&self.parts) {
            results.push((part.name(), part.result()?));
        }
        for listed in &self.metrics {
            results.push((&listed.name, listed.metric.result()?));
        }
        for mean in &self.added {
            results.push((mean.name(), mean.result()?));
        }
        let mut logs = Logs::new();
        for (name, result) in results {
            logs.set(name, number(name, &result)?);
        }
        Ok(logs)
    }

    pub(crate) fn reset(&mut self) -> Result<()> {
        self.loss.iter_mut().chain(&mut self.parts).chain(&mut self.added).try_for_each(Mean::reset)?;
        self.metrics.iter_mut().try_for_each(|listed| listed.metric.reset())
    }
}

/// What logs take of a metric's result.
fn number(name: &str, result: &Tensor) -> Result<f64> {
    let shape = result.shape()?;
    match shape.elements() {
        0 => {
            let text = format!("the metric {name:?} has a result of shape {shape}, expected at least one number");
            Err(Error::new(ErrorKind::Shape, text))
        }
        1 => result.item(),
        count => Ok(result.cast(DType::F64).to_vec::<f64>()?.iter().sum::<f64>() / count as f64),
    }
}
