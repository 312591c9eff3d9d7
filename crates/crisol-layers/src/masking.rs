//! `Masking`: steps that do not count.

use crate::layer::Layer;
use crate::scope::Scope;
use crisol_tensor::{Result, Tensor};
use serde::{Deserialize, Serialize};

/// Steps whose features all equal `mask_value` are set to 0 and do not count in what follows: `[batch, steps, features]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Masking {
    mask_value: f64,
}

impl Masking {
    /// The layer, with Keras' defaults.
    pub fn new() -> Masking {
        Masking { mask_value: 0.0 }
    }

    /// The number that marks padding; 0 by default.
    #[must_use]
    pub fn mask_value(mut self, mask_value: f64) -> Masking {
        self.mask_value = mask_value;
        self
    }
}

impl Default for Masking {
    fn default() -> Masking {
        Masking::new()
    }
}

impl Layer for Masking {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        let counts = x.not_equal(self.mask_value).any_keep(-1);
        let y = counts.broadcast_to(x.shape()?).select(x, 0);
        cx.set_mask(&y, &counts.squeeze(&[-1]));
        Ok(y)
    }

    fn config(&self) -> Result<serde_json::Value> {
        crate::config::of(self)
    }
}
