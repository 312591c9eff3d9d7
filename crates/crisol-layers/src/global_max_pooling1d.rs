//! `GlobalMaxPooling1D`: the largest number of each feature of a sequence.

use crate::layer::Layer;
use crate::scope::Scope;
use crate::window::sequence_shape;
use crisol_tensor::{Result, Tensor};
use serde::{Deserialize, Serialize};

/// The largest number over all steps: `[batch, steps, features]` becomes `[batch, features]`, or `[batch, 1, features]` with `keepdims`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GlobalMaxPooling1D {
    keepdims: bool,
}

impl GlobalMaxPooling1D {
    /// The layer, with Keras' defaults.
    pub fn new() -> GlobalMaxPooling1D {
        GlobalMaxPooling1D { keepdims: false }
    }

    /// Whether the steps stay, with size 1; by default they vanish.
    #[must_use]
    pub fn keepdims(mut self, keepdims: bool) -> GlobalMaxPooling1D {
        self.keepdims = keepdims;
        self
    }
}

impl Default for GlobalMaxPooling1D {
    fn default() -> GlobalMaxPooling1D {
        GlobalMaxPooling1D::new()
    }
}

impl Layer for GlobalMaxPooling1D {
    fn call(&self, _cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        sequence_shape("global_max_pooling1d", x)?;
        Ok(if self.keepdims { x.max_keep(1) } else { x.max(1) })
    }

    fn config(&self) -> Result<serde_json::Value> {
        crate::config::of(self)
    }
}
