//! `constant`: every element is the given number.

use super::Initializer;
use crate::named::Config;
use crisol_tensor::random::Key;
use crisol_tensor::{DType, Result, Shape, Tensor};
use serde::{Deserialize, Serialize};

/// Makes tensors filled with one number, of any element type; by name, the number is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Constant(pub f64);

impl Initializer for Constant {
    fn initialize(&self, shape: Shape, dtype: DType, _key: Key) -> Result<Tensor> {
        Ok(Tensor::full(dtype, shape, self.0))
    }

    fn config(&self) -> Option<Config> {
        Config::of("constant", self)
    }
}
