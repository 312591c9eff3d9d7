//! `non_neg`: no weight below 0.

use super::Constraint;
use crate::named::Config;
use crisol_tensor::{Result, Tensor};
use serde::{Deserialize, Serialize};

/// `max(w, 0)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NonNeg;

impl Constraint for NonNeg {
    fn project(&self, weight: &Tensor) -> Result<Tensor> {
        Ok(weight.maximum(0))
    }

    fn config(&self) -> Option<Config> {
        Config::of("non_neg", self)
    }
}
