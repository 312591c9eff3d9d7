//! Polynomial decay.

use super::{Schedule, expect_steps};
use crisol_ir::Result;
use crisol_params::Config;
use serde::{Deserialize, Serialize};

/// `(initial - end) * (1 - step / decay_steps) ^ power + end`, and `end` after that, as `keras.optimizers.schedules.PolynomialDecay`.
///
/// ```
/// use crisol_optim::schedules::{PolynomialDecay, Schedule};
/// let schedule = PolynomialDecay::new(0.5, 100).end_learning_rate(0.1);
/// assert!((schedule.rate(50) - 0.3).abs() < 1e-12);
/// assert_eq!(schedule.rate(1000), 0.1);
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PolynomialDecay {
    initial_learning_rate: f64,
    decay_steps: u64,
    end_learning_rate: f64,
    power: f64,
    cycle: bool,
}

impl PolynomialDecay {
    /// A rate that falls to 0.0001 in a straight line: Keras' defaults.
    pub fn new(initial_learning_rate: f64, decay_steps: u64) -> PolynomialDecay {
        PolynomialDecay { initial_learning_rate, decay_steps, end_learning_rate: 1e-4, power: 1.0, cycle: false }
    }

    /// The rate at the end.
    #[must_use]
    pub fn end_learning_rate(mut self, end_learning_rate: f64) -> PolynomialDecay {
        self.end_learning_rate = end_learning_rate;
        self
    }

    /// The exponent: 1 is a straight line.
    #[must_use]
    pub fn power(mut self, power: f64) -> PolynomialDecay {
        self.power = power;
        self
    }

    /// Whether the rate rises again after `decay_steps`, to fall over twice as many, and so on.
    #[must_use]
    pub fn cycle(mut self, cycle: bool) -> PolynomialDecay {
        self.cycle = cycle;
        self
    }
}

impl Schedule for PolynomialDecay {
    fn rate(&self, step: u64) -> f64 {
        let (mut step, mut steps) = (step as f64, self.decay_steps as f64);
        if self.cycle {
            steps *= if step == 0.0 { 1.0 } else { (step / steps).ceil() };
        } else {
            step = step.min(steps);
        }
        let range = self.initial_learning_rate - self.end_learning_rate;
        range * (1.0 - step / steps).powf(self.power) + self.end_learning_rate
    }

    fn check(&self) -> Result<()> {
        expect_steps("PolynomialDecay", "decay_steps", self.decay_steps)
    }

    fn config(&self) -> Option<Config> {
        Config::of("polynomial_decay", self)
    }
}
