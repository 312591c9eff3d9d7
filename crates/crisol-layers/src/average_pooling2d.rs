//! `AveragePooling2D`: the mean under a window that moves over images.

use crate::layer::Layer;
use crate::scope::Scope;
use crate::window::{Padding, Pair, image_shape};
use crisol_tensor::{Pool2dAttributes, Result, Tensor};
use serde::{Deserialize, Serialize};

/// The mean of each channel under a window: `[batch, height, width, channels]` becomes `[batch, new_height, new_width, channels]`. Padding is not
/// counted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AveragePooling2D {
    pool_size: Pair,
    strides: Option<Pair>,
    padding: Padding,
}

impl AveragePooling2D {
    /// A window of the given height and width.
    pub fn new(pool_size: impl Into<Pair>) -> AveragePooling2D {
        AveragePooling2D { pool_size: pool_size.into(), strides: None, padding: Padding::Valid }
    }

    /// Rows and columns from one place of the window to the next; by default its size.
    #[must_use]
    pub fn strides(mut self, strides: impl Into<Pair>) -> AveragePooling2D {
        self.strides = Some(strides.into());
        self
    }

    /// `"valid"`, the default, or `"same"`.
    #[must_use]
    pub fn padding(mut self, padding: impl Into<Padding>) -> AveragePooling2D {
        self.padding = padding.into();
        self
    }
}

impl Default for AveragePooling2D {
    fn default() -> AveragePooling2D {
        AveragePooling2D::new(2)
    }
}

impl Layer for AveragePooling2D {
    fn call(&self, _cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        let image = image_shape("average_pooling2d", x)?;
        let window = self.pool_size.positive("pool size")?;
        let stride = self.strides.unwrap_or(self.pool_size).positive("strides")?;
        let padding = self.padding.widths(&image, window, stride, [1, 1])?;
        Ok(x.average_pool2d(Pool2dAttributes { window, stride, padding }))
    }

    fn config(&self) -> Result<serde_json::Value> {
        crate::config::of(self)
    }
}
