//! `max_norm`: no longer than a given length.

use super::{Constraint, EPSILON, norms};
use crate::named::Config;
use crisol_tensor::{Result, Tensor};
use serde::{Deserialize, Serialize};

/// Vectors along an axis that are longer than `max_value` are shortened to it; by default 2 along axis 0, the inputs of each unit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MaxNorm {
    /// The largest length.
    pub max_value: f64,
    /// The axis that the vectors lie along.
    pub axis: isize,
}

impl Default for MaxNorm {
    fn default() -> MaxNorm {
        MaxNorm { max_value: 2.0, axis: 0 }
    }
}

impl Constraint for MaxNorm {
    fn project(&self, weight: &Tensor) -> Result<Tensor> {
        let norms = norms(weight, self.axis);
        let desired = norms.clip(0, self.max_value);
        Ok(weight * (desired / (norms + EPSILON)))
    }

    fn config(&self) -> Option<Config> {
        Config::of("max_norm", self)
    }
}
