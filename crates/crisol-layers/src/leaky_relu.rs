//! `LeakyReLU`: a slope below 0.

use crate::layer::Layer;
use crate::scope::Scope;
use crate::window::expect_float;
use crisol_tensor::{Result, Tensor};
use serde::{Deserialize, Serialize};

/// `x` where it is 0 or more, else `negative_slope * x`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LeakyReLU {
    negative_slope: f64,
}

impl LeakyReLU {
    /// The layer, with Keras' defaults.
    pub fn new() -> LeakyReLU {
        LeakyReLU { negative_slope: 0.3 }
    }

    /// The slope below 0; 0.3 by default.
    #[must_use]
    pub fn negative_slope(mut self, negative_slope: f64) -> LeakyReLU {
        self.negative_slope = negative_slope;
        self
    }
}

impl Default for LeakyReLU {
    fn default() -> LeakyReLU {
        LeakyReLU::new()
    }
}

impl Layer for LeakyReLU {
    fn call(&self, _cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        expect_float("leaky_re_lu", x)?;
        Ok(x.leaky_relu(self.negative_slope))
    }

    fn passes_mask(&self) -> bool {
        true
    }

    fn config(&self) -> Result<serde_json::Value> {
        crate::config::of(self)
    }
}
