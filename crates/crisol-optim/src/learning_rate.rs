//! Learning rates: a number, or a schedule over the steps.

use crate::schedules::{self, Schedule};
use crisol_params::Config;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
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

/// A number, or the config of a schedule.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Stored {
    Fixed(f64),
    Scheduled(Config),
}

impl Serialize for LearningRate {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let stored = match self {
            LearningRate::Fixed(rate) => Stored::Fixed(*rate),
            LearningRate::Scheduled(schedule) => {
                let wrong = || ser::Error::custom(format!("{schedule:?} has no config: it cannot be saved"));
                Stored::Scheduled(schedule.config().ok_or_else(wrong)?)
            }
        };
        stored.serialize(to)
    }
}

impl<'de> Deserialize<'de> for LearningRate {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<LearningRate, D::Error> {
        Ok(match Stored::deserialize(from)? {
            Stored::Fixed(rate) => LearningRate::Fixed(rate),
            Stored::Scheduled(config) => {
                LearningRate::Scheduled(schedules::from_config(&config).map_err(de::Error::custom)?)
            }
        })
    }
}
