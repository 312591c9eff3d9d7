//! What a model is compiled with: optimizer, loss, metrics. Each is optional, and missed only when it is needed.

use crisol_ir::{Error, ErrorKind, Result};
use crisol_losses::{IntoLoss, Loss};
use crisol_metrics::{IntoMetric, Metric};
use crisol_optim::{IntoOptimizer, Optimizer};
use std::sync::Arc;

/// The arguments of [`Model::compile`](crate::Model::compile), by type or by Keras' names.
///
/// ```
/// use crisol_train::Compile;
/// let by_name = Compile::new().optimizer("adam").loss("binary_crossentropy").metric("accuracy");
/// ```
///
/// A wrong name comes out of `compile`.
#[derive(Debug, Default)]
pub struct Compile {
    optimizer: Option<Result<Optimizer>>,
    loss: Option<Result<Arc<dyn Loss>>>,
    metrics: Vec<Result<Box<dyn Metric>>>,
}

impl Compile {
    /// Nothing yet.
    pub fn new() -> Compile {
        Compile::default()
    }

    /// The optimizer: `"sgd"`, `Adam::new(1e-3)`.
    #[must_use]
    pub fn optimizer(mut self, optimizer: impl IntoOptimizer) -> Compile {
        self.optimizer = Some(optimizer.into_optimizer());
        self
    }

    /// The loss: `"mse"`, `BinaryCrossentropy::new().from_logits(true)`.
    #[must_use]
    pub fn loss(mut self, loss: impl IntoLoss) -> Compile {
        self.loss = Some(loss.into_loss());
        self
    }

    /// One more metric: `"accuracy"`, `Accuracy::binary()`.
    #[must_use]
    pub fn metric(mut self, metric: impl IntoMetric) -> Compile {
        self.metrics.push(metric.into_metric());
        self
    }

    pub(crate) fn finish(self) -> Result<Compiled> {
        Ok(Compiled {
            optimizer: self.optimizer.transpose()?,
            loss: self.loss.transpose()?,
            metrics: self.metrics.into_iter().collect::<Result<_>>()?,
        })
    }
}

/// What a model was compiled with.
#[derive(Debug, Default)]
pub(crate) struct Compiled {
    pub(crate) optimizer: Option<Optimizer>,
    pub(crate) loss: Option<Arc<dyn Loss>>,
    pub(crate) metrics: Vec<Box<dyn Metric>>,
}

impl Compiled {
    /// The loss, for `what`.
    pub(crate) fn loss(&self, what: &str) -> Result<Arc<dyn Loss>> {
        self.loss.clone().ok_or_else(|| missing("loss", what))
    }
}

/// The error of a part that is needed and was not given.
pub(crate) fn missing(part: &str, what: &str) -> Error {
    let article = if part.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    Error::new(ErrorKind::State, format!("{what} needs {article} {part}, and the model has none"))
        .help(format!("model.compile(Compile::new().{part}(...)) before {what}"))
}
