//! `AlphaDropout`: dropout that keeps mean and variance.

use crate::dropout::check_rate;
use crate::layer::Layer;
use crate::scope::Scope;
use crate::window::expect_float;
use crisol_tensor::{Result, Tensor};
use serde::{Deserialize, Serialize};

/// In training each number becomes, with probability `rate`, what a large negative number is after `selu`, and all are scaled and moved so that a
/// mean of 0 and a variance of 1 stay (Klambauer and others, 2017); in inference the input passes unchanged.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AlphaDropout {
    rate: f64,
    seed: Option<u64>,
}

impl AlphaDropout {
    /// A layer that replaces a number with probability `rate`, at least 0 and below 1.
    pub fn new(rate: f64) -> AlphaDropout {
        AlphaDropout { rate, seed: None }
    }

    /// Decides, with the key of each step, what is left out.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> AlphaDropout {
        self.seed = Some(seed);
        self
    }
}

impl Layer for AlphaDropout {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        expect_float("alpha_dropout", x)?;
        check_rate("alpha_dropout", self.rate)?;
        if !cx.training() || self.rate == 0.0 {
            return Ok(x.clone());
        }
        let key = cx.key();
        let key = self.seed.map_or(key, |seed| key.fold(seed));
        let lowest = -1.673_263_242_354_377_2 * 1.050_700_987_355_480_5;
        let scale = ((1.0 - self.rate) * (1.0 + self.rate * lowest * lowest)).powf(-0.5);
        let keep = Tensor::random_uniform(x.shape()?, 0.0, 1.0, key).greater_equal(self.rate);
        Ok(keep.select(x, lowest) * scale - scale * lowest * self.rate)
    }

    fn passes_mask(&self) -> bool {
        true
    }

    fn config(&self) -> Result<serde_json::Value> {
        crate::config::of(self)
    }
}
