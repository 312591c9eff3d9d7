//! `Softmax`: probabilities along an axis.

use crate::layer::Layer;
use crate::scope::Scope;
use crate::window::expect_float;
use crisol_tensor::{Result, Tensor};
use serde::{Deserialize, Serialize};

/// `e^x / sum(e^x)` along an axis.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Softmax {
    axis: isize,
}

impl Softmax {
    /// The layer, with Keras' defaults.
    pub fn new() -> Softmax {
        Softmax { axis: -1 }
    }

    /// The axis along which the outputs sum to 1; the last by default.
    #[must_use]
    pub fn axis(mut self, axis: isize) -> Softmax {
        self.axis = axis;
        self
    }
}

impl Default for Softmax {
    fn default() -> Softmax {
        Softmax::new()
    }
}

impl Layer for Softmax {
    fn call(&self, _cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        expect_float("softmax", x)?;
        Ok(x.softmax(self.axis))
    }

    fn passes_mask(&self) -> bool {
        true
    }

    fn config(&self) -> Result<serde_json::Value> {
        crate::config::of(self)
    }
}
