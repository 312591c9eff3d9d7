//! `RepeatVector`: one vector at every step.

use crate::layer::Layer;
use crate::scope::Scope;
use crisol_tensor::{Error, ErrorKind, Result, Tensor};
use serde::{Deserialize, Serialize};

/// `[batch, features]` becomes `[batch, n, features]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RepeatVector {
    n: usize,
}

impl RepeatVector {
    /// A layer that repeats each sample `n` times.
    pub fn new(n: usize) -> RepeatVector {
        RepeatVector { n }
    }
}

impl Layer for RepeatVector {
    fn call(&self, _cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        let shape = x.shape()?;
        let [batch, features] = shape.sizes() else {
            let text = format!("expected rank 2 [batch, features], found {shape}");
            return Err(Error::new(ErrorKind::Shape, text).operation("repeat_vector"));
        };
        Ok(x.expand_dims(1).broadcast_to([*batch, self.n, *features]))
    }

    fn config(&self) -> Result<serde_json::Value> {
        crate::config::of(self)
    }
}
