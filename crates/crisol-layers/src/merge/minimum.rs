//! `Minimum`: the smallest of inputs.

use super::{combined, pass_masks};
use crate::layer::Layer;
use crate::scope::Scope;
use crisol_tensor::{Result, Tensor};
use serde::{Deserialize, Serialize};

/// The smallest of its inputs, number by number.
/// Sizes of 1 are broadcast; inputs of fewer axes get axes of size 1 behind the batch.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Minimum {}

impl Minimum {
    /// The layer, with Keras' defaults.
    pub fn new() -> Minimum {
        Minimum {}
    }
}

impl Layer for Minimum {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        self.call_many(cx, std::slice::from_ref(x))
    }

    fn call_many(&self, cx: &mut Scope, inputs: &[Tensor]) -> Result<Tensor> {
        let y = combined("minimum", inputs, 0, |a, b| a.minimum(b))?;
        let masks: Vec<_> = inputs.iter().map(|input| cx.mask(input)).collect();
        pass_masks(cx, &masks, &y);
        Ok(y)
    }

    fn config(&self) -> Result<serde_json::Value> {
        crate::config::of(self)
    }
}
