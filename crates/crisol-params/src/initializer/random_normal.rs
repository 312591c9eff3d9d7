//! `random_normal`: numbers of a normal distribution.

use super::{Initializer, expect_deviation, expect_float};
use crate::named::Config;
use crisol_tensor::random::Key;
use crisol_tensor::{DType, Result, Shape, Tensor};
use serde::{Deserialize, Serialize};

/// Random numbers of the normal distribution; by default around 0 with standard deviation 0.05.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RandomNormal {
    /// The centre of the distribution.
    pub mean: f64,
    /// Its standard deviation, at least 0.
    pub standard_deviation: f64,
}

impl Default for RandomNormal {
    fn default() -> RandomNormal {
        RandomNormal { mean: 0.0, standard_deviation: 0.05 }
    }
}

impl Initializer for RandomNormal {
    fn initialize(&self, shape: Shape, dtype: DType, key: Key) -> Result<Tensor> {
        expect_float("random_normal", dtype)?;
        expect_deviation("random_normal", self.standard_deviation)?;
        Ok(Tensor::random_normal(shape, self.mean, self.standard_deviation, key).cast(dtype))
    }

    fn config(&self) -> Option<Config> {
        Config::of("random_normal", self)
    }
}
