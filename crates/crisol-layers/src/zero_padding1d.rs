//! `ZeroPadding1D`: zeros around a sequence.

use crate::layer::Layer;
use crate::scope::Scope;
use crate::window::{Pair, sequence_shape};
use crisol_tensor::{Result, Tensor};
use serde::{Deserialize, Serialize};

/// `[batch, steps, features]` becomes `[batch, before + steps + after, features]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ZeroPadding1D {
    padding: Pair,
}

impl ZeroPadding1D {
    /// Zeros before and after: one number for both, or two.
    pub fn new(padding: impl Into<Pair>) -> ZeroPadding1D {
        ZeroPadding1D { padding: padding.into() }
    }
}

impl Layer for ZeroPadding1D {
    fn call(&self, _cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        sequence_shape("zero_padding1d", x)?;
        let [before, after] = self.padding.0;
        Ok(x.pad(&[(0, 0), (before, after), (0, 0)]))
    }

    fn config(&self) -> Result<serde_json::Value> {
        crate::config::of(self)
    }
}
