//! `Activation`: a function of each number, or of each row, as a layer of its own.

use crate::function::Function;
use crate::layer::Layer;
use crate::scope::Scope;
use crate::window::expect_float;
use crisol_tensor::{Result, Tensor};
use serde::{Deserialize, Serialize};

/// Applies an activation function: one of Keras' names, or a function of a tensor.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Activation {
    activation: Function,
}

impl Activation {
    /// A layer that applies the function.
    pub fn new(activation: impl Into<Function>) -> Activation {
        Activation { activation: activation.into() }
    }
}

impl Layer for Activation {
    fn call(&self, _cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        expect_float("activation", x)?;
        self.activation.apply(x)
    }

    fn config(&self) -> Result<serde_json::Value> {
        crate::config::of(self)
    }

    fn passes_mask(&self) -> bool {
        true
    }
}
