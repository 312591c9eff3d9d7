//! `UnitNormalization`: each sample of length 1.

use crate::layer::Layer;
use crate::scope::Scope;
use crate::window::expect_float;
use crisol_tensor::{Result, Tensor};
use serde::{Deserialize, Serialize};

/// `x / sqrt(max(sum(x^2), 1e-12))` over the given axes of each sample.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UnitNormalization {
    axis: Vec<isize>,
}

impl UnitNormalization {
    /// The layer, with Keras' defaults.
    pub fn new() -> UnitNormalization {
        UnitNormalization { axis: vec![-1] }
    }

    /// The axes that are normalized together; the last by default.
    #[must_use]
    pub fn axis(mut self, axis: impl Into<Vec<isize>>) -> UnitNormalization {
        self.axis = axis.into();
        self
    }
}

impl Default for UnitNormalization {
    fn default() -> UnitNormalization {
        UnitNormalization::new()
    }
}

impl Layer for UnitNormalization {
    fn call(&self, _cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        expect_float("unit_normalization", x)?;
        Ok(x * x.square().sum_keep(self.axis.as_slice()).maximum(1e-12).rsqrt())
    }

    fn passes_mask(&self) -> bool {
        true
    }

    fn config(&self) -> Result<serde_json::Value> {
        crate::config::of(self)
    }
}
