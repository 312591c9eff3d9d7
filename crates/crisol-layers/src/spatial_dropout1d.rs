//! `SpatialDropout1D`: whole features of a sequence are left out.

use crate::dropout::leave_out;
use crate::layer::Layer;
use crate::scope::Scope;
use crisol_tensor::{Error, ErrorKind, Result, Tensor};
use serde::{Deserialize, Serialize};

/// As [`Dropout`](crate::Dropout), but a feature of `[batch, steps, features]` is left out at all steps or at none.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SpatialDropout1D {
    rate: f64,
    seed: Option<u64>,
}

impl SpatialDropout1D {
    /// A layer that leaves out a feature with probability `rate`, at least 0 and below 1.
    pub fn new(rate: f64) -> SpatialDropout1D {
        SpatialDropout1D { rate, seed: None }
    }

    /// Decides, with the key of each step, what is left out.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> SpatialDropout1D {
        self.seed = Some(seed);
        self
    }
}

impl Layer for SpatialDropout1D {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        let shape = x.shape()?;
        let [batch, _, features] = shape.sizes() else {
            let text = format!("expected rank 3 [batch, steps, features], found {shape}");
            return Err(Error::new(ErrorKind::Shape, text).operation("spatial_dropout1d"));
        };
        leave_out("spatial_dropout1d", cx, x, self.rate, self.seed, &[*batch, 1, *features])
    }

    fn passes_mask(&self) -> bool {
        true
    }

    fn config(&self) -> Result<serde_json::Value> {
        crate::config::of(self)
    }
}
