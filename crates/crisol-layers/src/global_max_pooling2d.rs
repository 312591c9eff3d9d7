//! `GlobalMaxPooling2D`: the largest number of each channel of an image.

use crate::layer::Layer;
use crate::scope::Scope;
use crate::window::image_shape;
use crisol_tensor::{Result, Tensor};
use serde::{Deserialize, Serialize};

/// The largest number over height and width: `[batch, height, width, channels]` becomes `[batch, channels]`, or `[batch, 1, 1, channels]` with
/// `keepdims`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GlobalMaxPooling2D {
    keepdims: bool,
}

impl GlobalMaxPooling2D {
    /// The layer, with Keras' defaults.
    pub fn new() -> GlobalMaxPooling2D {
        GlobalMaxPooling2D { keepdims: false }
    }

    /// Whether height and width stay, with size 1; by default they vanish.
    #[must_use]
    pub fn keepdims(mut self, keepdims: bool) -> GlobalMaxPooling2D {
        self.keepdims = keepdims;
        self
    }
}

impl Default for GlobalMaxPooling2D {
    fn default() -> GlobalMaxPooling2D {
        GlobalMaxPooling2D::new()
    }
}

impl Layer for GlobalMaxPooling2D {
    fn call(&self, _cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        image_shape("global_max_pooling2d", x)?;
        Ok(if self.keepdims { x.max_keep([1, 2]) } else { x.max([1, 2]) })
    }

    fn config(&self) -> Result<serde_json::Value> {
        crate::config::of(self)
    }
}
