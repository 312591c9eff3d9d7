//! `GlobalAveragePooling1D`: the mean of each feature of a sequence.

use crate::layer::Layer;
use crate::scope::Scope;
use crate::window::sequence_shape;
use crisol_tensor::{Result, Tensor};
use serde::{Deserialize, Serialize};

/// The mean over all steps that count: `[batch, steps, features]` becomes `[batch, features]`, or `[batch, 1, features]` with `keepdims`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GlobalAveragePooling1D {
    keepdims: bool,
}

impl GlobalAveragePooling1D {
    /// The layer, with Keras' defaults.
    pub fn new() -> GlobalAveragePooling1D {
        GlobalAveragePooling1D { keepdims: false }
    }

    /// Whether the steps stay, with size 1; by default they vanish.
    #[must_use]
    pub fn keepdims(mut self, keepdims: bool) -> GlobalAveragePooling1D {
        self.keepdims = keepdims;
        self
    }
}

impl Default for GlobalAveragePooling1D {
    fn default() -> GlobalAveragePooling1D {
        GlobalAveragePooling1D::new()
    }
}

impl Layer for GlobalAveragePooling1D {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        sequence_shape("global_average_pooling1d", x)?;
        let Some(mask) = cx.mask(x) else { return Ok(if self.keepdims { x.mean_keep(1) } else { x.mean(1) }) };
        let counts = mask.cast(x.dtype()?).expand_dims(-1);
        let mean = (x * &counts).sum_keep(1) / counts.sum_keep(1);
        Ok(if self.keepdims { mean } else { mean.squeeze(&[1]) })
    }

    fn config(&self) -> Result<serde_json::Value> {
        crate::config::of(self)
    }
}
