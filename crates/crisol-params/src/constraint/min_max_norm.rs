//! `min_max_norm`: between two lengths.

use super::{Constraint, EPSILON, norms};
use crate::named::Config;
use crisol_tensor::{Result, Tensor};
use serde::{Deserialize, Serialize};

/// Vectors along an axis are moved, by the share `rate` of the way, to a length between `min_value` and `max_value`; by default 0 and 1,
/// all of the way, along axis 0.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MinMaxNorm {
    /// The smallest length.
    pub min_value: f64,
    /// The largest length.
    pub max_value: f64,
    /// The share of the way that is gone at each update, 1 at most.
    pub rate: f64,
    /// The axis that the vectors lie along.
    pub axis: isize,
}

impl Default for MinMaxNorm {
    fn default() -> MinMaxNorm {
        MinMaxNorm { min_value: 0.0, max_value: 1.0, rate: 1.0, axis: 0 }
    }
}

impl Constraint for MinMaxNorm {
    fn project(&self, weight: &Tensor) -> Result<Tensor> {
        let norms = norms(weight, self.axis);
        let desired = norms.clip(self.min_value, self.max_value) * self.rate + &norms * (1.0 - self.rate);
        Ok(weight * (desired / (norms + EPSILON)))
    }

    fn config(&self) -> Option<Config> {
        Config::of("min_max_norm", self)
    }
}
