//! `truncated_normal`: a normal distribution without its tails.

use super::{Initializer, expect_deviation, expect_float};
use crate::named::Config;
use crisol_tensor::random::Key;
use crisol_tensor::{DType, Result, Shape, Tensor};
use serde::{Deserialize, Serialize};

/// How often numbers beyond the bounds are drawn again. 4.6 % lie beyond; after eight rounds fewer than one in 10^11 do,
/// and those are moved to the bound.
const ROUNDS: u64 = 8;

/// Random numbers of the normal distribution, those farther than two standard deviations from the mean drawn again; by
/// default around 0 with standard deviation 0.05.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TruncatedNormal {
    /// The centre of the distribution.
    pub mean: f64,
    /// The standard deviation before the tails are cut, at least 0.
    pub standard_deviation: f64,
}

impl Default for TruncatedNormal {
    fn default() -> TruncatedNormal {
        TruncatedNormal { mean: 0.0, standard_deviation: 0.05 }
    }
}

impl Initializer for TruncatedNormal {
    fn initialize(&self, shape: Shape, dtype: DType, key: Key) -> Result<Tensor> {
        expect_float("truncated_normal", dtype)?;
        expect_deviation("truncated_normal", self.standard_deviation)?;
        let mut numbers = Tensor::random_normal(shape, 0.0, 1.0, key.fold(0));
        for round in 1..ROUNDS {
            let again = Tensor::random_normal(shape, 0.0, 1.0, key.fold(round));
            numbers = numbers.abs().less_equal(2.0).select(&numbers, again);
        }
        let numbers = numbers.clip(-2.0, 2.0);
        Ok((numbers * self.standard_deviation + self.mean).cast(dtype))
    }

    fn config(&self) -> Option<Config> {
        Config::of("truncated_normal", self)
    }
}
