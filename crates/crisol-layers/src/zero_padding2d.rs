//! `ZeroPadding2D`: zeros around an image.

use crate::layer::Layer;
use crate::scope::Scope;
use crate::window::{Border, image_shape};
use crisol_tensor::{Result, Tensor};
use serde::{Deserialize, Serialize};

/// `[batch, height, width, channels]` becomes `[batch, top + height + bottom, left + width + right, channels]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ZeroPadding2D {
    padding: Border,
}

impl ZeroPadding2D {
    /// Zeros around: one number for all sides, two for `(rows, columns)`, or `((top, bottom), (left, right))`.
    pub fn new(padding: impl Into<Border>) -> ZeroPadding2D {
        ZeroPadding2D { padding: padding.into() }
    }
}

impl Layer for ZeroPadding2D {
    fn call(&self, _cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        image_shape("zero_padding2d", x)?;
        let [[top, bottom], [left, right]] = self.padding.0;
        Ok(x.pad(&[(0, 0), (top, bottom), (left, right), (0, 0)]))
    }

    fn config(&self) -> Result<serde_json::Value> {
        crate::config::of(self)
    }
}
