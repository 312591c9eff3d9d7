//! `ones`: every element is 1.

use super::Initializer;
use crate::named::Config;
use crisol_tensor::random::Key;
use crisol_tensor::{DType, Result, Shape, Tensor};
use serde::{Deserialize, Serialize};

/// Makes ones, of any element type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ones;

impl Initializer for Ones {
    fn initialize(&self, shape: Shape, dtype: DType, _key: Key) -> Result<Tensor> {
        Ok(Tensor::full(dtype, shape, 1.0))
    }

    fn config(&self) -> Option<Config> {
        Config::of("ones", self)
    }
}
