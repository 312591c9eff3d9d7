//! `Cropping2D`: an image without its border.

use crate::layer::Layer;
use crate::scope::Scope;
use crate::window::{Border, image_shape};
use crisol_tensor::{Error, ErrorKind, Result, Tensor};
use serde::{Deserialize, Serialize};

/// `[batch, height, width, channels]` loses rows and columns at its borders.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Cropping2D {
    cropping: Border,
}

impl Cropping2D {
    /// What is cut off: one number for all sides, two for `(rows, columns)`, or `((top, bottom), (left, right))`.
    pub fn new(cropping: impl Into<Border>) -> Cropping2D {
        Cropping2D { cropping: cropping.into() }
    }
}

impl Layer for Cropping2D {
    fn call(&self, _cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        let shape = image_shape("cropping2d", x)?;
        let [[top, bottom], [left, right]] = self.cropping.0;
        if top + bottom >= shape[1] || left + right >= shape[2] {
            let text = format!("{:?} is cut off of {shape}: nothing is left", self.cropping.0);
            return Err(Error::new(ErrorKind::Value, text).operation("cropping2d"));
        }
        Ok(x.slice(&[0..shape[0], top..shape[1] - bottom, left..shape[2] - right, 0..shape[3]]))
    }

    fn config(&self) -> Result<serde_json::Value> {
        crate::config::of(self)
    }
}
