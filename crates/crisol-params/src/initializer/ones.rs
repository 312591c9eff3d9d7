//! `ones`: every element is 1.

use super::Initializer;
use crisol_tensor::random::Key;
use crisol_tensor::{DType, Result, Shape, Tensor};

/// Makes ones, of any element type.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Ones;

impl Initializer for Ones {
    fn initialize(&self, shape: Shape, dtype: DType, _key: Key) -> Result<Tensor> {
        Ok(Tensor::full(dtype, shape, 1.0))
    }
}
