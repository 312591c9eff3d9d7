//! `ActivityRegularization`: what passes costs.

use crate::layer::Layer;
use crate::scope::Scope;
use crate::window::expect_float;
use crisol_params::L1L2;
use crisol_tensor::{Result, Tensor};
use serde::{Deserialize, Serialize};

/// The input as it is; `l1 * sum(|x|) + l2 * sum(x^2)`, divided by the size of the batch, is added to the loss.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ActivityRegularization {
    l1: f64,
    l2: f64,
}

impl ActivityRegularization {
    /// The layer, with Keras' defaults.
    pub fn new() -> ActivityRegularization {
        ActivityRegularization { l1: 0.0, l2: 0.0 }
    }

    /// The factor of the sizes; 0 by default.
    #[must_use]
    pub fn l1(mut self, l1: f64) -> ActivityRegularization {
        self.l1 = l1;
        self
    }

    /// The factor of the squares; 0 by default.
    #[must_use]
    pub fn l2(mut self, l2: f64) -> ActivityRegularization {
        self.l2 = l2;
        self
    }
}

impl Default for ActivityRegularization {
    fn default() -> ActivityRegularization {
        ActivityRegularization::new()
    }
}

impl Layer for ActivityRegularization {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        expect_float("activity_regularization", x)?;
        cx.add_activity_loss(Some(&L1L2 { l1: self.l1, l2: self.l2 }), x)?;
        Ok(x.clone())
    }

    fn passes_mask(&self) -> bool {
        true
    }

    fn config(&self) -> Result<serde_json::Value> {
        crate::config::of(self)
    }
}
