//! `l1`: the sum of sizes.

use super::Regularizer;
use crate::named::Config;
use crisol_tensor::{Result, Tensor};
use serde::{Deserialize, Serialize};

/// `l1 * sum(|w|)`; by default `l1` is 0.01. It drives weights to exactly 0.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct L1(pub f64);

impl Default for L1 {
    fn default() -> L1 {
        L1(0.01)
    }
}

impl Regularizer for L1 {
    fn loss(&self, weight: &Tensor) -> Result<Tensor> {
        Ok(weight.abs().sum_all() * self.0)
    }

    fn config(&self) -> Option<Config> {
        Config::of("l1", self)
    }
}
