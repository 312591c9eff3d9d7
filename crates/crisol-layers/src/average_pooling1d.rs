//! `AveragePooling1D`: the mean under a window that moves over sequences.

use crate::layer::Layer;
use crate::scope::Scope;
use crate::window::{Padding, sequence_shape};
use crisol_tensor::{Error, ErrorKind, Result, Tensor};
use serde::{Deserialize, Serialize};

/// The mean of each feature under a window: `[batch, steps, features]` becomes `[batch, new_steps, features]`. Padding is not counted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AveragePooling1D {
    pool_size: usize,
    strides: Option<usize>,
    padding: Padding,
}

impl AveragePooling1D {
    /// A window of the given length.
    pub fn new(pool_size: usize) -> AveragePooling1D {
        AveragePooling1D { pool_size, strides: None, padding: Padding::Valid }
    }

    /// Steps from one place of the window to the next; by default its size.
    #[must_use]
    pub fn strides(mut self, strides: usize) -> AveragePooling1D {
        self.strides = Some(strides);
        self
    }

    /// `"valid"`, the default, or `"same"`.
    #[must_use]
    pub fn padding(mut self, padding: impl Into<Padding>) -> AveragePooling1D {
        self.padding = padding.into();
        self
    }
}

impl Default for AveragePooling1D {
    fn default() -> AveragePooling1D {
        AveragePooling1D::new(2)
    }
}

impl Layer for AveragePooling1D {
    fn call(&self, _cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        let shape = sequence_shape("average_pooling1d", x)?;
        let stride = self.strides.unwrap_or(self.pool_size);
        if self.pool_size == 0 || stride == 0 {
            let text = format!("expected a pool size and strides of at least 1, found {} and {stride}", self.pool_size);
            return Err(Error::new(ErrorKind::Value, text).operation("average_pooling1d"));
        }
        let padding = self.padding.around(shape[1], self.pool_size, stride, 1)?;
        Ok(x.average_pool1d(self.pool_size, stride, padding))
    }

    fn config(&self) -> Result<serde_json::Value> {
        crate::config::of(self)
    }
}
