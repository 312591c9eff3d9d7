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
