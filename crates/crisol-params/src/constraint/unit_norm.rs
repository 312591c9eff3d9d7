//! `unit_norm`: length 1.

use super::{Constraint, EPSILON, norms};
use crate::named::Config;
use crisol_tensor::{Result, Tensor};
use serde::{Deserialize, Serialize};

/// Vectors along an axis, by default 0, are scaled to length 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct UnitNorm {
    /// The axis that the vectors lie along.
    pub axis: isize,
}

impl Constraint for UnitNorm {
    fn project(&self, weight: &Tensor) -> Result<Tensor> {
        Ok(weight / (norms(weight, self.axis) + EPSILON))
    }

    fn config(&self) -> Option<Config> {
        Config::of("unit_norm", self)
    }
}
