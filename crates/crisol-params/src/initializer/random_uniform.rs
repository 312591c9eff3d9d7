//! `random_uniform`: numbers spread evenly over an interval.

use super::{Initializer, expect_float};
use crate::named::Config;
use crisol_tensor::random::Key;
use crisol_tensor::{DType, Error, ErrorKind, Result, Shape, Tensor};
use serde::{Deserialize, Serialize};

/// Random numbers spread evenly over `[low, high)`; by default over `[-0.05, 0.05)`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RandomUniform {
    /// The lower end of the interval.
    pub low: f64,
    /// The upper end, at least `low`.
    pub high: f64,
}

impl Default for RandomUniform {
    fn default() -> RandomUniform {
        RandomUniform { low: -0.05, high: 0.05 }
    }
}

impl Initializer for RandomUniform {
    fn initialize(&self, shape: Shape, dtype: DType, key: Key) -> Result<Tensor> {
        expect_float("random_uniform", dtype)?;
        if !(self.low <= self.high && (self.high - self.low).is_finite()) {
            let text = format!("expected low <= high, both finite, found {} and {}", self.low, self.high);
            return Err(Error::new(ErrorKind::Value, text).operation("random_uniform"));
        }
        Ok(Tensor::random_uniform(shape, self.low, self.high, key).cast(dtype))
    }

    fn config(&self) -> Option<Config> {
        Config::of("random_uniform", self)
    }
}
