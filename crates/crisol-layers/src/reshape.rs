//! `Reshape`: the same numbers in another shape.

use crate::layer::Layer;
use crate::scope::Scope;
use crisol_tensor::{Error, ErrorKind, Result, Tensor};
use serde::{Deserialize, Serialize};

/// `[batch, ..]` becomes `[batch, target..]`, in row-major order; one size of the target may be -1 and follows from the others.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Reshape {
    target: Vec<isize>,
}

impl Reshape {
    /// A layer that gives each sample the target shape.
    pub fn new(target: impl Into<Vec<isize>>) -> Reshape {
        Reshape { target: target.into() }
    }
}

impl Layer for Reshape {
    fn call(&self, _cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        let [batch, elements] = x.flat_shape()?;
        let known = self.target.iter().filter(|size| **size >= 0);
        let product = known.clone().try_fold(1usize, |product, size| product.checked_mul(size.unsigned_abs()));
        let open = self.target.len() - known.count();
        let fitting = match (open, product) {
            (0, Some(product)) if product == elements => Some(1),
            (1, Some(product)) if product > 0 && elements % product == 0 => Some(elements / product),
            _ => None,
        };
        let Some(rest) = fitting.filter(|_| self.target.iter().all(|size| *size >= -1)) else {
            let text =
                format!("each sample of {} has {elements} numbers and does not fit {:?}", x.shape()?, self.target);
            return Err(Error::new(ErrorKind::Shape, text).operation("reshape"));
        };
        let sizes = self.target.iter().map(|&size| usize::try_from(size).unwrap_or(rest));
        let sizes: Vec<usize> = [batch].into_iter().chain(sizes).collect();
        Ok(x.reshape(&sizes))
    }

    fn config(&self) -> Result<serde_json::Value> {
        crate::config::of(self)
    }
}
