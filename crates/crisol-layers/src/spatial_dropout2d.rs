//! `SpatialDropout2D`: whole channels of an image are left out.

use crate::dropout::leave_out;
use crate::layer::Layer;
use crate::scope::Scope;
use crate::window::image_shape;
use crisol_tensor::{Result, Tensor};
use serde::{Deserialize, Serialize};

/// As [`Dropout`](crate::Dropout), but a channel of `[batch, height, width, channels]` is left out everywhere or nowhere.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SpatialDropout2D {
    rate: f64,
    seed: Option<u64>,
}

impl SpatialDropout2D {
    /// A layer that leaves out a channel with probability `rate`, at least 0 and below 1.
    pub fn new(rate: f64) -> SpatialDropout2D {
        SpatialDropout2D { rate, seed: None }
    }

    /// Decides, with the key of each step, what is left out.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> SpatialDropout2D {
        self.seed = Some(seed);
        self
    }
}

impl Layer for SpatialDropout2D {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        let shape = image_shape("spatial_dropout2d", x)?;
        leave_out("spatial_dropout2d", cx, x, self.rate, self.seed, &[shape[0], 1, 1, shape[3]])
    }

    fn passes_mask(&self) -> bool {
        true
    }

    fn config(&self) -> Result<serde_json::Value> {
        crate::config::of(self)
    }
}
