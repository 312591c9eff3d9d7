//! `zeros`: every element is 0.

use super::Initializer;
use crisol_tensor::random::Key;
use crisol_tensor::{DType, Result, Shape, Tensor};

/// Makes zeros, of any element type.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Zeros;

impl Initializer for Zeros {
    fn initialize(&self, shape: Shape, dtype: DType, _key: Key) -> Result<Tensor> {
        Ok(Tensor::full(dtype, shape, 0.0))
    }
}
