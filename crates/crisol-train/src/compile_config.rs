//! What a model was compiled with, as a file holds it.

use crate::compile::{Compile, Compiled};
use crisol_ir::{Error, ErrorKind, Result};
use crisol_params::Config;
use serde::{Deserialize, Serialize};

/// The arguments of `compile`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CompileConfig {
    optimizer: Option<Config>,
    /// Of each output.
    losses: Vec<Option<Config>>,
    /// Of each output that has a loss.
    loss_weights: Vec<f64>,
    metrics: Vec<MetricConfig>,
    steps_per_execution: usize,
}

#[derive(Debug, Serialize, Deserialize)]
struct MetricConfig {
    metric: Config,
    /// The number of the output.
    output: usize,
    weighted: bool,
}

impl CompileConfig {
    /// What a file needs to hold.
    ///
    /// # Errors
    /// A part that is the program's own, such as a loss that is a function.
    pub(crate) fn of(compiled: &Compiled) -> Result<CompileConfig> {
        let missing = |what: &str, name: &str| {
            let text = format!("the {what} {name:?} is the program's own, and cannot be saved");
            Error::new(ErrorKind::Unsupported, text)
        };
        let optimizer = compiled.optimizer.as_ref();
        let optimizer = optimizer
            .map(|optimizer| optimizer.config().cloned().ok_or_else(|| missing("optimizer", optimizer.name())))
            .transpose()?;
        let losses = compiled.losses.iter().map(|loss| {
            loss.as_ref().map(|loss| loss.config().ok_or_else(|| missing("loss", loss.name()))).transpose()
        });
        let metrics = compiled.trackers.listed().iter().map(|listed| {
            let metric = listed.metric.config().ok_or_else(|| missing("metric", listed.metric.name()))?;
            Ok(MetricConfig { metric, output: listed.output, weighted: listed.is_weighted })
        });
        Ok(CompileConfig {
            optimizer,
            losses: losses.collect::<Result<_>>()?,
            loss_weights: compiled.loss_weights.clone(),
            metrics: metrics.collect::<Result<_>>()?,
            steps_per_execution: compiled.steps_per_execution,
        })
    }

    /// The arguments again, for a model with these outputs.
    pub(crate) fn read(self, outputs: &[&str]) -> Result<Compile> {
        let output = |place: usize| {
            outputs.get(place).copied().ok_or_else(|| {
                Error::new(ErrorKind::Format, format!("there is no output {place}, the model has {}", outputs.len()))
            })
        };
        let mut compile = Compile::new().steps_per_execution(self.steps_per_execution);
        if let Some(config) = self.optimizer {
            compile = compile.optimizer(crisol_optim::from_config(&config)?);
        }
        let mut weights = self.loss_weights.into_iter();
        for (place, config) in self.losses.iter().enumerate() {
            let Some(config) = config else { continue };
            compile = compile.loss_of(output(place)?, crisol_losses::from_config(config)?);
            compile = compile.loss_weight_of(output(place)?, weights.next().unwrap_or(1.0));
        }
        for MetricConfig { metric, output: place, weighted } in self.metrics {
            let output = Some(output(place)?.to_string());
            compile = compile.with(output, weighted, crisol_metrics::from_config(&metric));
        }
        Ok(compile)
    }
}
