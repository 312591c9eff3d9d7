//! A metric that was asked for by name: the name is all that a file needs to hold of it.

use crate::metric::Metric;
use crisol_ir::Result;
use crisol_params::Config;
use crisol_tensor::Tensor;

/// A metric with the name by which it was asked for, which may be another one than it has in logs.
#[derive(Debug)]
pub(crate) struct Named {
    pub(crate) asked: String,
    pub(crate) metric: Box<dyn Metric>,
}

impl Metric for Named {
    fn name(&self) -> &str {
        self.metric.name()
    }

    fn update(&mut self, y_true: &Tensor, y_pred: &Tensor, sample_weight: Option<&Tensor>) -> Result<()> {
        self.metric.update(y_true, y_pred, sample_weight)
    }

    fn result(&self) -> Result<Tensor> {
        self.metric.result()
    }

    fn reset(&mut self) -> Result<()> {
        self.metric.reset()
    }

    fn config(&self) -> Option<Config> {
        Some(Config::Name(self.asked.clone()))
    }
}
