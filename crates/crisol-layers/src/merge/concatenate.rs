//! `Concatenate`: inputs behind one another.

use crate::layer::Layer;
use crate::scope::Scope;
use crisol_tensor::{DType, Error, ErrorKind, Result, Tensor};
use serde::{Deserialize, Serialize};

/// The inputs one behind the other along an axis, the last by default; their other sizes are equal.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Concatenate {
    axis: isize,
}

impl Concatenate {
    /// The layer, with Keras' defaults.
    pub fn new() -> Concatenate {
        Concatenate { axis: -1 }
    }

    /// The axis that grows; the last by default.
    #[must_use]
    pub fn axis(mut self, axis: isize) -> Concatenate {
        self.axis = axis;
        self
    }
}

impl Default for Concatenate {
    fn default() -> Concatenate {
        Concatenate::new()
    }
}

impl Layer for Concatenate {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        self.call_many(cx, std::slice::from_ref(x))
    }

    fn call_many(&self, cx: &mut Scope, inputs: &[Tensor]) -> Result<Tensor> {
        if inputs.is_empty() {
            return Err(Error::new(ErrorKind::Value, "expected inputs, found none").operation("concatenate"));
        }
        let y = Tensor::concatenate(&inputs.iter().collect::<Vec<_>>(), self.axis);
        if inputs.iter().any(|input| cx.mask(input).is_some()) {
            let mut masks = Vec::new();
            for input in inputs {
                let shape = input.shape()?;
                masks.push(match cx.mask(input) {
                    Some(mask) if mask.rank()? < shape.rank() => mask.expand_dims(-1).broadcast_to(shape),
                    Some(mask) => mask,
                    None => Tensor::full(DType::Bool, shape, 1.0),
                });
            }
            let mask = Tensor::concatenate(&masks.iter().collect::<Vec<_>>(), self.axis).any(-1);
            cx.set_mask(&y, &mask);
        }
        Ok(y)
    }

    fn config(&self) -> Result<serde_json::Value> {
        crate::config::of(self)
    }
}
