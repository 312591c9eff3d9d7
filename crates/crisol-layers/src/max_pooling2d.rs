//! `MaxPooling2D`: the largest number under a window that moves over images.

use crate::layer::Layer;
use crate::scope::Scope;
use crate::window::{Padding, Pair, image_shape};
use crisol_tensor::{Pool2dAttributes, Result, Tensor};
use serde::{Deserialize, Serialize};

/// The largest number of each channel under a window: `[batch, height, width, channels]` becomes
/// `[batch, new_height, new_width, channels]`.
///
/// ```
/// use crisol_layers::{Inference, LayerExt, MaxPooling2D};
/// use crisol_tensor::Tensor;
/// let layer = MaxPooling2D::new(2).build([2, 2, 1])?;
/// let y = layer.call(&Tensor::from_slice(&[1.0f32, 4.0, 2.0, 3.0], [1, 2, 2, 1]), Inference)?;
/// assert_eq!(y.to_vec::<f32>()?, [4.0]);
/// # Ok::<(), crisol_tensor::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MaxPooling2D {
    pool_size: Pair,
    strides: Option<Pair>,
    padding: Padding,
}

impl MaxPooling2D {
    /// A window of the given height and width.
    pub fn new(pool_size: impl Into<Pair>) -> MaxPooling2D {
        MaxPooling2D { pool_size: pool_size.into(), strides: None, padding: Padding::Valid }
    }

    /// Rows and columns from one place of the window to the next; by default its size.
    #[must_use]
    pub fn strides(mut self, strides: impl Into<Pair>) -> MaxPooling2D {
        self.strides = Some(strides.into());
        self
    }

    /// `"valid"`, the default, or `"same"`. Padding is never the largest.
    #[must_use]
    pub fn padding(mut self, padding: impl Into<Padding>) -> MaxPooling2D {
        self.padding = padding.into();
        self
    }
}

/// A window of 2 by 2.
impl Default for MaxPooling2D {
    fn default() -> MaxPooling2D {
        MaxPooling2D::new(2)
    }
}

impl Layer for MaxPooling2D {
    fn call(&self, _cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        let image = image_shape("max_pooling2d", x)?;
        let window = self.pool_size.positive("pool size")?;
        let stride = self.strides.unwrap_or(self.pool_size).positive("strides")?;
        let padding = self.padding.widths(&image, window, stride, [1, 1])?;
        Ok(x.max_pool2d(Pool2dAttributes { window, stride, padding }))
    }

    fn config(&self) -> Result<serde_json::Value> {
        crate::config::of(self)
    }
}
