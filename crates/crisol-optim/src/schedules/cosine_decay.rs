//! Cosine decay, with a warm-up before it.

use super::{Schedule, expect_steps};
use crisol_ir::Result;
use crisol_params::Config;
use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

/// `initial * ((1 - alpha) (1 + cos(pi step / decay_steps)) / 2 + alpha)`, and its last rate after that, as
/// `keras.optimizers.schedules.CosineDecay` (Loshchilov and Hutter, 2016).
///
/// With a warm-up the rate first rises from `initial` to `target` in a straight line, and falls from there.
///
/// ```
/// use crisol_optim::schedules::{CosineDecay, Schedule};
/// let schedule = CosineDecay::new(0.0, 100).warmup(0.1, 10);
/// assert_eq!([0, 5, 10, 60, 200].map(|step| (schedule.rate(step) * 1e4).round()), [0.0, 500.0, 1000.0, 500.0, 0.0]);
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CosineDecay {
    initial_learning_rate: f64,
    decay_steps: u64,
    alpha: f64,
    warmup: Option<(f64, u64)>,
}

impl CosineDecay {
    /// A rate that falls to 0 over `decay_steps` steps.
    pub fn new(initial_learning_rate: f64, decay_steps: u64) -> CosineDecay {
        CosineDecay { initial_learning_rate, decay_steps, alpha: 0.0, warmup: None }
    }

    /// What is left at the end, as a share of the highest rate.
    #[must_use]
    pub fn alpha(mut self, alpha: f64) -> CosineDecay {
        self.alpha = alpha;
        self
    }

    /// Rises to `target` over the first `steps` steps; the decay follows.
    #[must_use]
    pub fn warmup(mut self, target: f64, steps: u64) -> CosineDecay {
        self.warmup = Some((target, steps));
        self
    }
}

impl Schedule for CosineDecay {
    fn rate(&self, step: u64) -> f64 {
        let (highest, warmup) = self.warmup.unwrap_or((self.initial_learning_rate, 0));
        if step < warmup {
            let share = step as f64 / warmup as f64;
            return (highest - self.initial_learning_rate) * share + self.initial_learning_rate;
        }
        let share = (step - warmup).min(self.decay_steps) as f64 / self.decay_steps as f64;
        let cosine = 0.5 * (1.0 + (PI * share).cos());
        highest * ((1.0 - self.alpha) * cosine + self.alpha)
    }

    fn check(&self) -> Result<()> {
        expect_steps("CosineDecay", "decay_steps", self.decay_steps)
    }

    fn config(&self) -> Option<Config> {
        Config::of("cosine_decay", self)
    }
}
