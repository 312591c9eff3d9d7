//! `ELU`: smooth below 0.

use crate::layer::Layer;
use crate::scope::Scope;
use crate::window::expect_float;
use crisol_tensor::{Result, Tensor};
use serde::{Deserialize, Serialize};

/// `x` where it is positive, else `alpha * (e^x - 1)` (Clevert and others, 2016).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ELU {
    alpha: f64,
}

impl ELU {
    /// The layer, with Keras' defaults.
    pub fn new() -> ELU {
        ELU { alpha: 1.0 }
    }

    /// The bound below, negated; 1 by default.
    #[must_use]
    pub fn alpha(mut self, alpha: f64) -> ELU {
        self.alpha = alpha;
        self
    }
}

impl Default for ELU {
    fn default() -> ELU {
        ELU::new()
    }
}

impl Layer for ELU {
    fn call(&self, _cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        expect_float("elu", x)?;
        Ok(x.elu(self.alpha))
    }

    fn passes_mask(&self) -> bool {
        true
    }

    fn config(&self) -> Result<serde_json::Value> {
        crate::config::of(self)
    }
}
