//! `Identity`: nothing happens.

use crate::layer::Layer;
use crate::scope::Scope;
use crisol_tensor::{Result, Tensor};
use serde::{Deserialize, Serialize};

/// The input as it is.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Identity {}

impl Identity {
    /// The layer, with Keras' defaults.
    pub fn new() -> Identity {
        Identity {}
    }
}

impl Layer for Identity {
    fn call(&self, _cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        Ok(x.clone())
    }

    fn passes_mask(&self) -> bool {
        true
    }

    fn config(&self) -> Result<serde_json::Value> {
        crate::config::of(self)
    }
}
