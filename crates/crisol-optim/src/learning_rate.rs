//! Learning rates: a number, or a schedule over the steps.

use crate::schedules::Schedule;
use std::sync::Arc;

/// What an optimizer takes as its learning rate: a number, which may be changed later, or a [`Schedule`].
///
/// ```
/// use crisol_optim::{Adam, schedules::ExponentialDecay};
/// let fixed = Adam::new(1e-3).build()?;
/// let falling = Adam::new(ExponentialDecay::new(1e-2, 1000, 0.9)).build()?;
/// assert_eq!((fixed.learning_rate(), falling.learning_rate()), (1e-3, 1e-2));
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Clone, Debug)]
pub enum LearningRate {
    /// The same number at every step, until it is changed.
    Fixed(f64),
    /// A function of the step.
    Scheduled(Arc<dyn Schedule>),
}

impl LearningRate {
    /// The rate of the step that follows on `steps` others.
    pub fn at(&self, steps: u64) -> f64 {
        match self {
            LearningRate::Fixed(rate) => *rate,
            LearningRate::Scheduled(schedule) => schedule.rate(steps),
        }
    }
}

impl From<f64> for LearningRate {
    fn from(rate: f64) -> LearningRate {
        LearningRate::Fixed(rate)
    }
}

impl<S: Schedule + 'static> From<S> for LearningRate {
    fn from(schedule: S) -> LearningRate {
        LearningRate::Scheduled(Arc::new(schedule))
    }
}
