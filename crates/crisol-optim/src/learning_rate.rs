//! Learning rates: a number, or a schedule over the steps.

use crate::schedules::{self, Schedule};
use crisol_params::Config;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use serde_json::Value;
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

/// In a file a number, or the config of a schedule.
impl Serialize for LearningRate {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            LearningRate::Fixed(rate) => to.serialize_f64(*rate),
            LearningRate::Scheduled(schedule) => {
                let wrong = || ser::Error::custom(format!("{schedule:?} has no config: it cannot be saved"));
                schedule.config().ok_or_else(wrong)?.serialize(to)
            }
        }
    }
}

impl<'de> Deserialize<'de> for LearningRate {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<LearningRate, D::Error> {
        let stored = Value::deserialize(from)?;
        if let Some(rate) = stored.as_f64() {
            return Ok(LearningRate::Fixed(rate));
        }
        if !stored.is_string() && !stored.is_object() {
            return Err(de::Error::custom(format!("expected a number or the config of a schedule, found {stored}")));
        }
        let config: Config = serde_json::from_value(stored).map_err(de::Error::custom)?;
        schedules::from_config(&config).map(LearningRate::Scheduled).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedules::ExponentialDecay;
    use serde_json::json;

    #[test]
    fn rates_are_numbers_or_schedules() {
        let scheduled: LearningRate = ExponentialDecay::new(0.5, 10, 0.9).into();
        for rate in [LearningRate::from(0.25), LearningRate::from(3.0), scheduled] {
            let stored = serde_json::to_value(&rate).unwrap();
            let again: LearningRate = serde_json::from_value(stored.clone()).unwrap();
            assert_eq!(serde_json::to_value(again).unwrap(), stored);
        }
        assert!(matches!(serde_json::from_value(json!(3)), Ok(LearningRate::Fixed(3.0))));
        let error = serde_json::from_value::<LearningRate>(json!(true)).unwrap_err().to_string();
        assert_eq!(error, "expected a number or the config of a schedule, found true");
        for wrong in [json!([0.1]), json!("0.1"), json!({ "name": "no_decay", "settings": {} })] {
            assert!(serde_json::from_value::<LearningRate>(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
