//! What a model is compiled with: optimizer, losses, metrics. Each is optional, and missed only when it is needed.

use crate::trackers::{Listed, Trackers};
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
/// let two_outputs = Compile::new()
///     .optimizer("adam")
///     .loss_of("priority", "mse")
///     .loss_of("department", "sparse_categorical_crossentropy")
///     .loss_weight_of("department", 0.2)
///     .metric_of("department", "accuracy");
/// ```
///
/// A wrong name comes out of `compile`.
#[derive(Debug, Default)]
pub struct Compile {
    optimizer: Option<Result<Optimizer>>,
    loss: Option<Result<Arc<dyn Loss>>>,
    losses: Vec<(String, Result<Arc<dyn Loss>>)>,
    loss_weights: Vec<(String, f64)>,
    metrics: Vec<Asked>,
    steps_per_execution: usize,
}

/// A metric as it was asked for.
#[derive(Debug)]
struct Asked {
    output: Option<String>,
    is_weighted: bool,
    metric: Result<Box<dyn Metric>>,
}

impl Compile {
    /// Nothing yet.
    pub fn new() -> Compile {
        Compile { steps_per_execution: 1, ..Compile::default() }
    }

    /// The optimizer: `"sgd"`, `Adam::new(1e-3)`.
    #[must_use]
    pub fn optimizer(mut self, optimizer: impl IntoOptimizer) -> Compile {
        self.optimizer = Some(optimizer.into_optimizer());
        self
    }

    /// The loss of every output: `"mse"`, `BinaryCrossentropy::new().from_logits(true)`.
    #[must_use]
    pub fn loss(mut self, loss: impl IntoLoss) -> Compile {
        self.loss = Some(loss.into_loss());
        self
    }

    /// The loss of one output, by its name: that of the layer that makes it.
    #[must_use]
    pub fn loss_of(mut self, output: impl Into<String>, loss: impl IntoLoss) -> Compile {
        self.losses.push((output.into(), loss.into_loss()));
        self
    }

    /// What the loss of an output counts in the sum: 1 unless told.
    #[must_use]
    pub fn loss_weight_of(mut self, output: impl Into<String>, weight: f64) -> Compile {
        self.loss_weights.push((output.into(), weight));
        self
    }

    /// One more metric of a model of one output: `"accuracy"`, `BinaryAccuracy::new()`. Sample weights do not count in it. In the logs it goes by
    /// the name that is given here (`"mae"`), or by its own.
    #[must_use]
    pub fn metric(self, metric: impl IntoMetric) -> Compile {
        self.asked(None, false, metric)
    }

    /// One more metric of an output.
    #[must_use]
    pub fn metric_of(self, output: impl Into<String>, metric: impl IntoMetric) -> Compile {
        self.asked(Some(output.into()), false, metric)
    }

    /// One more metric in which samples count as they are weighted.
    #[must_use]
    pub fn weighted_metric(self, metric: impl IntoMetric) -> Compile {
        self.asked(None, true, metric)
    }

    /// One more metric of an output in which samples count as they are weighted.
    #[must_use]
    pub fn weighted_metric_of(self, output: impl Into<String>, metric: impl IntoMetric) -> Compile {
        self.asked(Some(output.into()), true, metric)
    }

    /// Steps that run as one plan, with callbacks after the last of them: 1 unless told.
    #[must_use]
    pub fn steps_per_execution(mut self, steps: usize) -> Compile {
        self.steps_per_execution = steps;
        self
    }

    fn asked(self, output: Option<String>, is_weighted: bool, metric: impl IntoMetric) -> Compile {
        self.with(output, is_weighted, metric.into_metric())
    }

    pub(crate) fn with(
        mut self,
        output: Option<String>,
        is_weighted: bool,
        metric: Result<Box<dyn Metric>>,
    ) -> Compile {
        self.metrics.push(Asked { output, is_weighted, metric });
        self
    }

    /// What was asked for, for a model with these outputs; none, where they are not known yet.
    pub(crate) fn finish(self, outputs: &[&str]) -> Result<Compiled> {
        let place = |output: &str| {
            let place = outputs.iter().position(|name| *name == output);
            place.ok_or_else(|| Error::unknown_name("output of the model", output, outputs.iter().copied()))
        };
        if self.steps_per_execution == 0 {
            let text = "steps_per_execution is 0, expected at least 1";
            return Err(Error::new(ErrorKind::Value, text).operation("compile"));
        }
        let every = self.loss.transpose()?;
        let mut losses: Vec<Option<Arc<dyn Loss>>> = vec![every.clone(); outputs.len().max(1)];
        for (output, loss) in self.losses {
            losses[place(&output)?] = Some(loss?);
        }
        let mut loss_weights = vec![1.0; losses.len()];
        for (output, weight) in self.loss_weights {
            loss_weights[place(&output)?] = weight;
        }
        let mut metrics = Vec::new();
        for Asked { output, is_weighted, metric } in self.metrics {
            let metric = metric?;
            let asked = metric.name().to_string();
            let place = match &output {
                Some(output) => place(output)?,
                None if outputs.len() > 1 => {
                    let text = format!("the metric {asked:?} is for one output, and the model has several");
                    return Err(Error::new(ErrorKind::Value, text)
                        .operation("compile")
                        .help(format!("use metric_of with one of {}", outputs.join(", "))));
                }
                None => 0,
            };
            let name = match outputs.len() {
                0 | 1 => asked.clone(),
                _ => format!("{}_{asked}", outputs[place]),
            };
            metrics.push(Listed { name, output: place, is_weighted, metric });
        }
        // As Keras: weighted metrics come last.
        metrics.sort_by_key(|metric| metric.is_weighted);
        for at in 0..metrics.len() {
            let same = metrics[..at].iter().filter(|other| other.metric.name() == metrics[at].metric.name());
            let same = same.filter(|other| other.output == metrics[at].output).count();
            if same > 0 {
                metrics[at].name = format!("{}_{same}", metrics[at].name);
            }
        }
        let has_loss = |place: &usize| losses[*place].is_some();
        let parts: Vec<String> = match losses.iter().flatten().count() {
            0 | 1 => Vec::new(),
            _ => (0..outputs.len()).filter(has_loss).map(|place| format!("{}_loss", outputs[place])).collect(),
        };
        let loss_weights = (0..losses.len()).filter(has_loss).map(|place| loss_weights[place]).collect();
        let trackers = Trackers::new(parts, metrics);
        let (steps_per_execution, not_loaded) = (self.steps_per_execution, None);
        let optimizer = self.optimizer.transpose()?;
        Ok(Compiled { optimizer, losses, loss_weights, trackers, steps_per_execution, not_loaded })
    }
}

/// What a model was compiled with.
#[derive(Debug, Default)]
pub(crate) struct Compiled {
    pub(crate) optimizer: Option<Optimizer>,
    /// For each output.
    pub(crate) losses: Vec<Option<Arc<dyn Loss>>>,
    /// For each output that has a loss.
    pub(crate) loss_weights: Vec<f64>,
    pub(crate) trackers: Trackers,
    pub(crate) steps_per_execution: usize,
    /// Why a model that was loaded is not compiled.
    pub(crate) not_loaded: Option<String>,
}

impl Compiled {
    /// Whether there is anything that a step needs.
    pub(crate) fn is_some(&self) -> bool {
        self.optimizer.is_some() || self.losses.iter().any(Option::is_some) || !self.trackers.listed().is_empty()
    }

    /// Checks that there is a loss, for `what`.
    pub(crate) fn needs_loss(&self, what: &str) -> Result<()> {
        if self.losses.iter().any(Option::is_some) { Ok(()) } else { Err(self.missing("loss", what)) }
    }

    pub(crate) fn optimizer(&mut self, what: &str) -> Result<&mut Optimizer> {
        if self.optimizer.is_none() {
            return Err(self.missing("optimizer", what));
        }
        self.optimizer.as_mut().ok_or_else(|| missing("optimizer", what))
    }

    fn missing(&self, part: &str, what: &str) -> Error {
        match &self.not_loaded {
            None => missing(part, what),
            Some(reason) => Error::new(ErrorKind::State, format!("{what}: the loaded model is not compiled: {reason}"))
                .help("compile it; model.load_state of the same file then gives the optimizer its state"),
        }
    }
}

/// The error of a part that is needed and was not given.
pub(crate) fn missing(part: &str, what: &str) -> Error {
    let article = if part.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    Error::new(ErrorKind::State, format!("{what} needs {article} {part}, and the model has none"))
        .help(format!("model.compile(Compile::new().{part}(...)) before {what}"))
}
