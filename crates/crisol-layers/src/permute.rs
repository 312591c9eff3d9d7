//! `Permute`: axes in another order.

use crate::layer::Layer;
use crate::scope::Scope;
use crisol_tensor::{Error, ErrorKind, Result, Tensor};
use serde::{Deserialize, Serialize};

/// Puts the axes of each sample in another order: `Permute::new([2, 1])` makes `[batch, b, a]` of `[batch, a, b]`. Axes count from 1, as in Keras;
/// the batch stays in front.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Permute {
    dims: Vec<usize>,
}

impl Permute {
    /// A layer that takes the axes, counted from 1, in the given order.
    pub fn new(dims: impl Into<Vec<usize>>) -> Permute {
        Permute { dims: dims.into() }
    }
}

impl Layer for Permute {
    fn call(&self, _cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        let shape = x.shape()?;
        let mut sorted = self.dims.clone();
        sorted.sort_unstable();
        if !sorted.iter().copied().eq(1..shape.rank()) {
            let text = format!(
                "expected the axes 1 to {} in some order, found {:?}",
                shape.rank().saturating_sub(1),
                self.dims
            );
            return Err(Error::new(ErrorKind::Axis, text).operation("permute"));
        }
        let order: Vec<usize> = [0].into_iter().chain(self.dims.iter().copied()).collect();
        Ok(x.permute(&order))
    }

    fn config(&self) -> Result<serde_json::Value> {
        crate::config::of(self)
    }
}
