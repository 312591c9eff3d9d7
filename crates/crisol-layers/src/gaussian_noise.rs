//! `GaussianNoise`: random numbers are added.

use crate::layer::Layer;
use crate::scope::Scope;
use crate::window::expect_float;
use crisol_tensor::{Error, ErrorKind, Result, Tensor};
use serde::{Deserialize, Serialize};

/// In training, `x` plus normally distributed numbers around 0; in inference the input passes unchanged.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GaussianNoise {
    stddev: f64,
    seed: Option<u64>,
}

impl GaussianNoise {
    /// A layer that adds numbers of the given standard deviation.
    pub fn new(stddev: f64) -> GaussianNoise {
        GaussianNoise { stddev, seed: None }
    }

    /// Decides, with the key of each step, what is added.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> GaussianNoise {
        self.seed = Some(seed);
        self
    }
}

impl Layer for GaussianNoise {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        expect_float("gaussian_noise", x)?;
        if !(self.stddev >= 0.0 && self.stddev.is_finite()) {
            let text = format!("expected a standard deviation of at least 0, found {}", self.stddev);
            return Err(Error::new(ErrorKind::Value, text).operation("gaussian_noise"));
        }
        if !cx.training() || self.stddev == 0.0 {
            return Ok(x.clone());
        }
        let key = cx.key();
        let key = self.seed.map_or(key, |seed| key.fold(seed));
        Ok(x + Tensor::random_normal(x.shape()?, 0.0, self.stddev, key).cast(x.dtype()?))
    }

    fn passes_mask(&self) -> bool {
        true
    }

    fn config(&self) -> Result<serde_json::Value> {
        crate::config::of(self)
    }
}
