//! Rates that change at given steps.

use super::Schedule;
use crisol_ir::{Error, ErrorKind, Result};
use crisol_params::Config;
use serde::{Deserialize, Serialize};

/// `values[i]` up to and including step `boundaries[i]`, then the next, as `keras.optimizers.schedules.PiecewiseConstantDecay`.
///
/// ```
/// use crisol_optim::schedules::{PiecewiseConstantDecay, Schedule};
/// let schedule = PiecewiseConstantDecay::new([100, 200], [1.0, 0.5, 0.1]);
/// assert_eq!([100, 101, 201].map(|step| schedule.rate(step)), [1.0, 0.5, 0.1]);
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PiecewiseConstantDecay {
    boundaries: Vec<u64>,
    values: Vec<f64>,
}

impl PiecewiseConstantDecay {
    /// The last steps of all rates but the last, and the rates: one more.
    pub fn new(boundaries: impl Into<Vec<u64>>, values: impl Into<Vec<f64>>) -> PiecewiseConstantDecay {
        PiecewiseConstantDecay { boundaries: boundaries.into(), values: values.into() }
    }
}

impl Schedule for PiecewiseConstantDecay {
    fn rate(&self, step: u64) -> f64 {
        let place = self.boundaries.iter().take_while(|boundary| step > **boundary).count();
        self.values.get(place).or(self.values.last()).copied().unwrap_or(0.0)
    }

    fn check(&self) -> Result<()> {
        let (boundaries, values) = (self.boundaries.len(), self.values.len());
        let error = |text: String| Error::new(ErrorKind::Value, text).operation("PiecewiseConstantDecay");
        if boundaries + 1 != values {
            let text =
                format!("{boundaries} boundaries and {values} values given, expected one more value than boundaries");
            return Err(error(text));
        }
        if self.boundaries.is_sorted() {
            return Ok(());
        }
        Err(error(format!("the boundaries are {:?}, expected them in rising order", self.boundaries)))
    }

    fn config(&self) -> Option<Config> {
        Config::of("piecewise_constant_decay", self)
    }
}
