//! `l2`: the sum of squares.

use super::Regularizer;
use crate::named::Config;
use crisol_tensor::{Result, Tensor};
use serde::{Deserialize, Serialize};

/// `l2 * sum(w^2)`; by default `l2` is 0.01.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct L2(pub f64);

impl Default for L2 {
    fn default() -> L2 {
        L2(0.01)
    }
}

impl Regularizer for L2 {
    fn loss(&self, weight: &Tensor) -> Result<Tensor> {
        Ok(weight.square().sum_all() * self.0)
    }

    fn config(&self) -> Option<Config> {
        Config::of("l2", self)
    }
}
