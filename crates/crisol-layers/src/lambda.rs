//! `Lambda`: a function as a layer.

use crate::layer::Layer;
use crate::scope::Scope;
use crisol_tensor::{Result, Tensor};
use std::fmt;
use std::sync::Arc;

/// Applies a function of a tensor. It has no weights, and cannot be saved: give a computation that a model's file needs a type of its own.
///
/// ```
/// use crisol_layers::{Inference, Lambda, LayerExt};
/// use crisol_tensor::Tensor;
/// let layer = Lambda::new(|x| x.square() + 1.0).build([2])?;
/// assert_eq!(layer.call(&Tensor::ones([1, 2]), Inference)?.to_vec::<f32>()?, [2.0, 2.0]);
/// # Ok::<(), crisol_tensor::Error>(())
/// ```
#[derive(Clone)]
pub struct Lambda(Arc<dyn Fn(&Tensor) -> Tensor + Send + Sync>);

impl Lambda {
    /// A layer that applies the function.
    pub fn new(function: impl Fn(&Tensor) -> Tensor + Send + Sync + 'static) -> Lambda {
        Lambda(Arc::new(function))
    }
}

impl fmt::Debug for Lambda {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lambda")
    }
}

impl Layer for Lambda {
    fn call(&self, _cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        Ok((self.0)(x))
    }
}
