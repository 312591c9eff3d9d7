//! `zeros`: every element is 0.

use super::Initializer;
use crate::named::Config;
use crisol_tensor::random::Key;
use crisol_tensor::{DType, Result, Shape, Tensor};
use serde::{Deserialize, Serialize};

/// Makes zeros, of any element type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Zeros;

impl Initializer for Zeros {
    fn initialize(&self, shape: Shape, dtype: DType, _key: Key) -> Result<Tensor> {
        Ok(Tensor::full(dtype, shape, 0.0))
    }

    fn config(&self) -> Option<Config> {
        Config::of("zeros", self)
    }
}
