//! A metric under another name, or under the one by which it was asked for.

use crate::metric::Metric;
use crisol_ir::Result;
use crisol_params::Config;
use crisol_tensor::Tensor;
use serde::{Deserialize, Serialize};

/// What files call a metric with a name of its own.
pub(crate) const NAMED: &str = "named";

/// What [`Metric::with_name`] makes of any metric.
#[derive(Debug)]
pub struct Named<M> {
    pub(crate) name: String,
    pub(crate) metric: M,
    /// The name, if it was asked for by it: all that a file needs to hold of it.
    pub(crate) config: Option<Config>,
}

impl<M: Metric> Metric for Named<M> {
    fn name(&self) -> &str {
        &self.name
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

    /// The metric's own config and the name.
    fn config(&self) -> Option<Config> {
        if self.config.is_some() {
            return self.config.clone();
        }
        Config::of(NAMED, &Settings { name: self.name.clone(), metric: self.metric.config()? })
    }
}

/// What a file needs to hold of a metric with a name of its own.
#[derive(Serialize, Deserialize)]
pub(crate) struct Settings {
    pub(crate) name: String,
    pub(crate) metric: Config,
}
