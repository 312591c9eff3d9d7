//! `GaussianDropout`: numbers are scaled by chance.

use crate::dropout::check_rate;
use crate::layer::Layer;
use crate::scope::Scope;
use crate::window::expect_float;
use crisol_tensor::{Result, Tensor};
use serde::{Deserialize, Serialize};

/// In training, `x` times normally distributed numbers around 1 with the variance that [`Dropout`](crate::Dropout) has, `rate / (1 - rate)`; in
/// inference the input passes unchanged (Srivastava and others, 2014).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GaussianDropout {
    rate: f64,
    seed: Option<u64>,
}

impl GaussianDropout {
    /// A layer with the noise of a dropout with probability `rate`, at least 0 and below 1.
    pub fn new(rate: f64) -> GaussianDropout {
        GaussianDropout { rate, seed: None }
    }

    /// Decides, with the key of each step, the numbers.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> GaussianDropout {
        self.seed = Some(seed);
        self
    }
}

impl Layer for GaussianDropout {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        expect_float("gaussian_dropout", x)?;
        check_rate("gaussian_dropout", self.rate)?;
        if !cx.training() || self.rate == 0.0 {
            return Ok(x.clone());
        }
        let key = cx.key();
        let key = self.seed.map_or(key, |seed| key.fold(seed));
        let deviation = (self.rate / (1.0 - self.rate)).sqrt();
        Ok(x * Tensor::random_normal(x.shape()?, 1.0, deviation, key).cast(x.dtype()?))
    }

    fn passes_mask(&self) -> bool {
        true
    }

    fn config(&self) -> Result<serde_json::Value> {
        crate::config::of(self)
    }
}
