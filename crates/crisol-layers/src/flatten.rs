//! `Flatten`: all axes but the batch in one.

use crate::layer::Layer;
use crate::scope::Scope;
use crisol_tensor::{Result, Tensor};
use serde::{Deserialize, Serialize};

/// `[batch, a, b, ..]` becomes `[batch, a * b * ..]`, in row-major order.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Flatten {}

impl Flatten {
    /// The layer.
    pub fn new() -> Flatten {
        Flatten {}
    }
}

impl Layer for Flatten {
    fn call(&self, _cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        Ok(x.reshape(x.flat_shape()?))
    }

    fn config(&self) -> Result<serde_json::Value> {
        crate::config::of(self)
    }
}
