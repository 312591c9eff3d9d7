//! `UpSampling1D`: every step several times.

use crate::layer::Layer;
use crate::scope::Scope;
use crate::window::sequence_shape;
use crisol_tensor::{Result, Tensor};
use serde::{Deserialize, Serialize};

/// `[batch, steps, features]` becomes `[batch, steps * size, features]`, each step `size` times.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UpSampling1D {
    size: usize,
}

impl UpSampling1D {
    /// A layer that repeats each step `size` times.
    pub fn new(size: usize) -> UpSampling1D {
        UpSampling1D { size }
    }
}

impl Default for UpSampling1D {
    fn default() -> UpSampling1D {
        UpSampling1D::new(2)
    }
}

impl Layer for UpSampling1D {
    fn call(&self, _cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        sequence_shape("up_sampling1d", x)?;
        Ok(x.repeat(self.size, 1))
    }

    fn config(&self) -> Result<serde_json::Value> {
        crate::config::of(self)
    }
}
