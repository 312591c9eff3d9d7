//! `UpSampling2D`: larger images.

use crate::layer::Layer;
use crate::scope::Scope;
use crate::window::{Pair, image_shape};
use crisol_tensor::{Error, Interpolation, Result, Tensor};
use serde::{Deserialize, Serialize};

/// `[batch, height, width, channels]` becomes `[batch, height * rows, width * columns, channels]`: each pixel repeated, or interpolated.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UpSampling2D {
    size: Pair,
    interpolation: String,
}

impl UpSampling2D {
    /// A layer that makes images `size` times as high and wide.
    pub fn new(size: impl Into<Pair>) -> UpSampling2D {
        UpSampling2D { size: size.into(), interpolation: "nearest".to_string() }
    }

    /// `"nearest"`, the default, `"bilinear"` or `"bicubic"`.
    #[must_use]
    pub fn interpolation(mut self, interpolation: impl Into<String>) -> UpSampling2D {
        self.interpolation = interpolation.into();
        self
    }
}

impl Default for UpSampling2D {
    fn default() -> UpSampling2D {
        UpSampling2D::new(2)
    }
}

impl Layer for UpSampling2D {
    fn call(&self, _cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        let shape = image_shape("up_sampling2d", x)?;
        let [rows, columns] = self.size.positive("size")?;
        let size = [shape[1] * rows, shape[2] * columns];
        match self.interpolation.as_str() {
            "nearest" => Ok(x.repeat(rows, 1).repeat(columns, 2)),
            "bilinear" => Ok(x.resize(size, Interpolation::Bilinear, false)),
            "bicubic" => Ok(x.resize(size, Interpolation::Bicubic, false)),
            other => Err(Error::unknown_name("interpolation", other, ["nearest", "bilinear", "bicubic"])),
        }
    }

    fn config(&self) -> Result<serde_json::Value> {
        crate::config::of(self)
    }
}
