//! Cosine decay that begins anew.

use super::{Schedule, expect_steps};
use crisol_ir::Result;
use crisol_params::Config;
use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

/// [Cosine decay](super::CosineDecay) that starts again when it has ended, each time over `t_mul` times as many steps and from `m_mul` times the rate, as
/// `keras.optimizers.schedules.CosineDecayRestarts` (Loshchilov and Hutter, 2016).
///
/// ```
/// use crisol_optim::schedules::{CosineDecayRestarts, Schedule};
/// let schedule = CosineDecayRestarts::new(0.1, 10).m_mul(0.5);
/// assert!((schedule.rate(5) - 0.05).abs() < 1e-12);
/// assert!((schedule.rate(20) - 0.025).abs() < 1e-12);
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CosineDecayRestarts {
    initial_learning_rate: f64,
    first_decay_steps: u64,
    t_mul: f64,
    m_mul: f64,
    alpha: f64,
}

impl CosineDecayRestarts {
    /// A rate that falls to 0 over `first_decay_steps`, then over twice as many, and so on: Keras' defaults.
    pub fn new(initial_learning_rate: f64, first_decay_steps: u64) -> CosineDecayRestarts {
        CosineDecayRestarts { initial_learning_rate, first_decay_steps, t_mul: 2.0, m_mul: 1.0, alpha: 0.0 }
    }

    /// How many times longer each decay is than the one before.
    #[must_use]
    pub fn t_mul(mut self, t_mul: f64) -> CosineDecayRestarts {
        self.t_mul = t_mul;
        self
    }

    /// How many times higher each decay begins than the one before.
    #[must_use]
    pub fn m_mul(mut self, m_mul: f64) -> CosineDecayRestarts {
        self.m_mul = m_mul;
        self
    }

    /// What is left at the end, as a share of the first rate.
    #[must_use]
    pub fn alpha(mut self, alpha: f64) -> CosineDecayRestarts {
        self.alpha = alpha;
        self
    }
}

impl Schedule for CosineDecayRestarts {
    fn rate(&self, step: u64) -> f64 {
        let passed = step as f64 / self.first_decay_steps as f64;
        let (restarts, share) = if self.t_mul == 1.0 {
            (passed.floor(), passed.fract())
        } else {
            let restarts = ((1.0 - passed * (1.0 - self.t_mul)).ln() / self.t_mul.ln()).floor();
            let before = (1.0 - self.t_mul.powf(restarts)) / (1.0 - self.t_mul);
            (restarts, (passed - before) / self.t_mul.powf(restarts))
        };
        let cosine = 0.5 * self.m_mul.powf(restarts) * (1.0 + (PI * share).cos());
        self.initial_learning_rate * ((1.0 - self.alpha) * cosine + self.alpha)
    }

    fn check(&self) -> Result<()> {
        expect_steps("CosineDecayRestarts", "first_decay_steps", self.first_decay_steps)
    }

    fn config(&self) -> Option<Config> {
        Config::of("cosine_decay_restarts", self)
    }
}
