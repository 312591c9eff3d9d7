//! Schedules: learning rates as functions of the step, as `keras.optimizers.schedules`.
//!
//! A schedule stands where a learning rate stands: `Adam::new(CosineDecay::new(1e-3, 10_000))`. The rate is an input of the step's plan, so
//! that its change compiles nothing. One's own is an implementation of [`Schedule`].

mod cosine_decay;
mod cosine_decay_restarts;
mod exponential_decay;
mod inverse_time_decay;
mod piecewise_constant_decay;
mod polynomial_decay;

pub use cosine_decay::CosineDecay;
pub use cosine_decay_restarts::CosineDecayRestarts;
pub use exponential_decay::ExponentialDecay;
pub use inverse_time_decay::InverseTimeDecay;
pub use piecewise_constant_decay::PiecewiseConstantDecay;
pub use polynomial_decay::PolynomialDecay;

use crisol_ir::{Error, ErrorKind, Result};
use crisol_params::{Config, read_settings};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::sync::Arc;

/// A learning rate as a function of the step.
pub trait Schedule: std::fmt::Debug + Send + Sync {
    /// The rate of the step that follows on `step` others: 0 for the first.
    fn rate(&self, step: u64) -> f64;

    /// Whether its settings make sense; asked when an optimizer is built.
    ///
    /// # Errors
    /// Settings out of their range.
    fn check(&self) -> Result<()> {
        Ok(())
    }

    /// What a file needs to hold of it: its name and settings. Nothing, unless the schedule is one of this crate's.
    fn config(&self) -> Option<Config> {
        None
    }
}

/// The schedule that [`Schedule::config`] told.
///
/// # Errors
/// No schedule has the name, or settings that it does not take.
pub fn from_config(config: &Config) -> Result<Arc<dyn Schedule>> {
    fn read<S: Schedule + DeserializeOwned + 'static>(settings: &Value) -> serde_json::Result<Arc<dyn Schedule>> {
        Ok(Arc::new(read_settings::<S>(settings)?))
    }
    type Read = fn(&Value) -> serde_json::Result<Arc<dyn Schedule>>;
    let known: [(&str, Read); 6] = [
        ("cosine_decay", read::<CosineDecay>),
        ("cosine_decay_restarts", read::<CosineDecayRestarts>),
        ("exponential_decay", read::<ExponentialDecay>),
        ("inverse_time_decay", read::<InverseTimeDecay>),
        ("piecewise_constant_decay", read::<PiecewiseConstantDecay>),
        ("polynomial_decay", read::<PolynomialDecay>),
    ];
    let found = known.iter().find(|(name, _)| *name == config.name());
    let (name, read) =
        found.ok_or_else(|| Error::unknown_name("schedule", config.name(), known.map(|(name, _)| name)))?;
    read(config.settings().unwrap_or(&Value::Null))
        .map_err(|error| Error::new(ErrorKind::Format, format!("the settings of {name}: {error}")))
}

/// An error unless a schedule decays over some steps.
fn expect_steps(name: &str, argument: &str, steps: u64) -> Result<()> {
    if steps > 0 {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Value, format!("{argument} is 0, expected at least 1"))
        .operation(name)
        .help("give the number of steps after which the rate has decayed: batches an epoch times epochs"))
}
