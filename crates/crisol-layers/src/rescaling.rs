//! `Rescaling`: numbers in another unit, such as bytes in `[0, 1]`.

use crate::layer::Layer;
use crate::scope::Scope;
use crisol_tensor::{Result, Tensor};
use serde::{Deserialize, Serialize};

/// `x * scale + offset`, in the model's element type whatever the input's.
///
/// ```
/// use crisol_layers::{Inference, LayerExt, Rescaling};
/// use crisol_tensor::Tensor;
/// let layer = Rescaling::new(1.0 / 127.5).offset(-1.0).build([2])?;
/// let y = layer.call(&Tensor::from_slice(&[0u8, 255], [1, 2]), Inference)?;
/// assert_eq!(y.to_vec::<f32>()?, [-1.0, 1.0]);
/// # Ok::<(), crisol_tensor::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Rescaling {
    scale: f64,
    offset: f64,
}

impl Rescaling {
    /// A layer that multiplies by `scale`.
    pub fn new(scale: f64) -> Rescaling {
        Rescaling { scale, offset: 0.0 }
    }

    /// What is added afterwards; 0 by default.
    #[must_use]
    pub fn offset(mut self, offset: f64) -> Rescaling {
        self.offset = offset;
        self
    }
}

impl Layer for Rescaling {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        Ok(x.cast(cx.dtype()) * self.scale + self.offset)
    }

    fn config(&self) -> Result<serde_json::Value> {
        crate::config::of(self)
    }

    fn passes_mask(&self) -> bool {
        true
    }
}
