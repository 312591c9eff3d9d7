//! Exponential decay.

use super::{Schedule, expect_steps};
use crisol_ir::Result;
use crisol_params::Config;
use serde::{Deserialize, Serialize};

/// `initial_learning_rate * decay_rate ^ (step / decay_steps)`, as `keras.optimizers.schedules.ExponentialDecay`.
///
/// ```
/// use crisol_optim::schedules::{ExponentialDecay, Schedule};
/// let schedule = ExponentialDecay::new(0.1, 100, 0.5);
/// assert_eq!(schedule.rate(200), 0.025);
/// assert_eq!(schedule.staircase(true).rate(199), 0.05);
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ExponentialDecay {
    initial_learning_rate: f64,
    decay_steps: u64,
    decay_rate: f64,
    staircase: bool,
}

impl ExponentialDecay {
    /// A rate that is multiplied by `decay_rate` over every `decay_steps` steps.
    pub fn new(initial_learning_rate: f64, decay_steps: u64, decay_rate: f64) -> ExponentialDecay {
        ExponentialDecay { initial_learning_rate, decay_steps, decay_rate, staircase: false }
    }

    /// Whether the rate stays the same between multiples of `decay_steps`.
    #[must_use]
    pub fn staircase(mut self, staircase: bool) -> ExponentialDecay {
        self.staircase = staircase;
        self
    }
}

impl Schedule for ExponentialDecay {
    fn rate(&self, step: u64) -> f64 {
        let passed = step as f64 / self.decay_steps as f64;
        self.initial_learning_rate * self.decay_rate.powf(if self.staircase { passed.floor() } else { passed })
    }

    fn check(&self) -> Result<()> {
        expect_steps("ExponentialDecay", "decay_steps", self.decay_steps)
    }

    fn config(&self) -> Option<Config> {
        Config::of("exponential_decay", self)
    }
}
