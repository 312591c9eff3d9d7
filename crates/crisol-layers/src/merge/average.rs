//! `Average`: the mean of inputs.

use super::{combined, pass_masks};
use crate::layer::Layer;
use crate::scope::Scope;
use crisol_tensor::{Result, Tensor};
use serde::{Deserialize, Serialize};

/// The mean of its inputs.
/// Sizes of 1 are broadcast; inputs of fewer axes get axes of size 1 behind the batch.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Average {}

impl Average {
    /// The layer, with Keras' defaults.
    pub fn new() -> Average {
        Average {}
    }
}

impl Layer for Average {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        self.call_many(cx, std::slice::from_ref(x))
    }

    fn call_many(&self, cx: &mut Scope, inputs: &[Tensor]) -> Result<Tensor> {
        let y = combined("average", inputs, 0, |a, b| a + b)?;
        let y = y / inputs.len() as f64;
        let masks: Vec<_> = inputs.iter().map(|input| cx.mask(input)).collect();
        pass_masks(cx, &masks, &y);
        Ok(y)
    }

    fn config(&self) -> Result<serde_json::Value> {
        crate::config::of(self)
    }
}
