//! `GlobalAveragePooling2D`: the mean of each channel of an image.

use crate::layer::Layer;
use crate::scope::Scope;
use crate::window::image_shape;
use crisol_tensor::{Result, Tensor};
use serde::{Deserialize, Serialize};

/// The mean over height and width: `[batch, height, width, channels]` becomes `[batch, channels]`, or
/// `[batch, 1, 1, channels]` with [`GlobalAveragePooling2D::keepdims`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct GlobalAveragePooling2D {
    keepdims: bool,
}

impl GlobalAveragePooling2D {
    /// The layer.
    pub fn new() -> GlobalAveragePooling2D {
        GlobalAveragePooling2D::default()
    }

    /// Whether height and width stay, with size 1; by default they vanish.
    #[must_use]
    pub fn keepdims(mut self, keepdims: bool) -> GlobalAveragePooling2D {
        self.keepdims = keepdims;
        self
    }
}

impl Layer for GlobalAveragePooling2D {
    fn call(&self, _cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        image_shape("global_average_pooling2d", x)?;
        Ok(if self.keepdims { x.mean_keep([1, 2]) } else { x.mean([1, 2]) })
    }

    fn config(&self) -> Result<serde_json::Value> {
        crate::config::of(self)
    }
}
