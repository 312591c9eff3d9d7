//! `identity`: ones on the diagonal of a matrix.

use super::Initializer;
use crate::named::Config;
use crisol_tensor::random::Key;
use crisol_tensor::{DType, Error, ErrorKind, Result, Shape, Tensor};
use serde::{Deserialize, Serialize};

/// Makes a matrix with `gain` on the diagonal and 0 elsewhere; by default the gain is 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Identity {
    /// What stands on the diagonal.
    pub gain: f64,
}

impl Default for Identity {
    fn default() -> Identity {
        Identity { gain: 1.0 }
    }
}

impl Initializer for Identity {
    fn initialize(&self, shape: Shape, dtype: DType, _key: Key) -> Result<Tensor> {
        let [rows, columns] = shape.sizes() else {
            let text = format!("expected a matrix, found {shape}");
            return Err(Error::new(ErrorKind::Shape, text).operation("identity"));
        };
        Ok((Tensor::eye(*rows, *columns, 0) * self.gain).cast(dtype))
    }

    fn config(&self) -> Option<Config> {
        Config::of("identity", self)
    }
}
