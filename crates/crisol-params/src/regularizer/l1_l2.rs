//! `l1_l2`: sizes and squares.

use super::Regularizer;
use crate::named::Config;
use crisol_tensor::{Result, Tensor};
use serde::{Deserialize, Serialize};

/// `l1 * sum(|w|) + l2 * sum(w^2)`; by default both factors are 0, as in Keras.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct L1L2 {
    /// The factor of the sizes.
    pub l1: f64,
    /// The factor of the squares.
    pub l2: f64,
}

impl Regularizer for L1L2 {
    fn loss(&self, weight: &Tensor) -> Result<Tensor> {
        Ok(match (self.l1 != 0.0, self.l2 != 0.0) {
            (false, false) => Tensor::scalar(weight.dtype()?, 0.0),
            (true, false) => weight.abs().sum_all() * self.l1,
            (false, true) => weight.square().sum_all() * self.l2,
            (true, true) => weight.abs().sum_all() * self.l1 + weight.square().sum_all() * self.l2,
        })
    }

    fn config(&self) -> Option<Config> {
        Config::of("l1_l2", self)
    }
}
