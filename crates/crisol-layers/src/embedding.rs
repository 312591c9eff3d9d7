//! `Embedding`: a vector for each number.

use crate::layer::Layer;
use crate::scope::Scope;
use crate::settings::weight_methods;
use crisol_params::RandomUniform;
use crisol_params::WeightSettings;
use crisol_tensor::{DType, Result, Tensor};
use serde::{Deserialize, Serialize};

/// The row of a table for each whole number: `[batch, ..]` becomes `[batch, .., output_dim]`. Floats are cut to whole numbers, as in Keras; a
/// number without a row is an error.
///
/// Weight: `embeddings [input_dim, output_dim]`. With `mask_zero`, steps that hold 0 do not count in what follows.
/// ```
/// use crisol_layers::{Embedding, Inference, LayerExt};
/// use crisol_tensor::Tensor;
/// let layer = Embedding::new(10, 4).build([3])?;
/// let y = layer.call(&Tensor::from_slice(&[1i32, 2, 9], [1, 3]), Inference)?;
/// assert_eq!(y.shape()?.sizes(), [1, 3, 4]);
/// # Ok::<(), crisol_tensor::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Embedding {
    input_dim: usize,
    output_dim: usize,
    mask_zero: bool,
    embeddings: WeightSettings,
}

impl Embedding {
    /// A table of `input_dim` vectors of length `output_dim`.
    pub fn new(input_dim: usize, output_dim: usize) -> Embedding {
        Embedding { input_dim, output_dim, mask_zero: false, embeddings: WeightSettings::new(RandomUniform::default()) }
    }

    /// Whether steps that hold 0 are padding; by default they are not.
    #[must_use]
    pub fn mask_zero(mut self, mask_zero: bool) -> Embedding {
        self.mask_zero = mask_zero;
        self
    }
}

weight_methods!(Embedding, embeddings: embeddings_initializer embeddings_regularizer embeddings_constraint);

impl Layer for Embedding {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        let table = cx.weight_with("embeddings", [self.input_dim, self.output_dim], &self.embeddings);
        let indices = if x.dtype()? == DType::I64 { x.clone() } else { x.cast(DType::I32) };
        let y = table.take(&indices, 0);
        if self.mask_zero {
            cx.set_mask(&y, &indices.not_equal(0));
        }
        Ok(y)
    }

    fn config(&self) -> Result<serde_json::Value> {
        crate::config::of(self)
    }
}
