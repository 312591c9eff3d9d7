//! Inverse time decay.

use super::{Schedule, expect_steps};
use crisol_ir::Result;
use crisol_params::Config;
use serde::{Deserialize, Serialize};

/// `initial_learning_rate / (1 + decay_rate * step / decay_steps)`, as `keras.optimizers.schedules.InverseTimeDecay`.
///
/// ```
/// use crisol_optim::schedules::{InverseTimeDecay, Schedule};
/// assert_eq!(InverseTimeDecay::new(0.1, 10, 1.0).rate(30), 0.025);
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InverseTimeDecay {
    initial_learning_rate: f64,
    decay_steps: u64,
    decay_rate: f64,
    staircase: bool,
}

impl InverseTimeDecay {
    /// A rate whose inverse grows by `decay_rate` of the first over every `decay_steps` steps.
    pub fn new(initial_learning_rate: f64, decay_steps: u64, decay_rate: f64) -> InverseTimeDecay {
        InverseTimeDecay { initial_learning_rate, decay_steps, decay_rate, staircase: false }
    }

    /// Whether the rate stays the same between multiples of `decay_steps`.
    #[must_use]
    pub fn staircase(mut self, staircase: bool) -> InverseTimeDecay {
        self.staircase = staircase;
        self
    }
}

impl Schedule for InverseTimeDecay {
    fn rate(&self, step: u64) -> f64 {
        let passed = step as f64 / self.decay_steps as f64;
        self.initial_learning_rate / (1.0 + self.decay_rate * if self.staircase { passed.floor() } else { passed })
    }

    fn check(&self) -> Result<()> {
        expect_steps("InverseTimeDecay", "decay_steps", self.decay_steps)
    }

    fn config(&self) -> Option<Config> {
        Config::of("inverse_time_decay", self)
    }
}
