//! `Softmax`: probabilities along an axis.

use crate::layer::Layer;
use crate::scope::Scope;
use crate::window::expect_float;
use crisol_tensor::{DType, Error, ErrorKind, Result, Tensor};
use serde::{Deserialize, Serialize};

/// What masked values become, as in Keras.
const LARGE_NEGATIVE: f64 = -1e9;

/// `e^x / sum(e^x)` along an axis. A second input, of a shape that spreads to the first's, says what counts: where it is false, or a number up to
/// 0.5, the output is 0 and the rest sums to 1.
///
/// ```
/// use crisol_layers::{Inference, Input, LayerExt, Network, Softmax};
/// use crisol_tensor::{Tensor, random::Key};
/// let (x, mask) = (Input::new([3]), Input::new([3]));
/// let y = Softmax::new().on_all(&[x.clone(), mask.clone()]);
/// let network = Network::functional([&x, &mask], &y)?.build()?;
/// let x = Tensor::from_slice(&[1.0f32, 1.0, 5.0], [1, 3]);
/// let mask = Tensor::from_slice(&[1.0f32, 1.0, 0.0], [1, 3]);
/// let y = network.forward(&[x, mask], Inference, Key::new(0))?.outputs.remove(0);
/// assert_eq!(y.to_vec::<f32>()?, [0.5, 0.5, 0.0]);
/// # Ok::<(), crisol_tensor::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Softmax {
    axis: isize,
}

impl Softmax {
    /// The layer, with Keras' defaults.
    pub fn new() -> Softmax {
        Softmax { axis: -1 }
    }

    /// The axis along which the outputs sum to 1; the last by default.
    #[must_use]
    pub fn axis(mut self, axis: isize) -> Softmax {
        self.axis = axis;
        self
    }
}

impl Default for Softmax {
    fn default() -> Softmax {
        Softmax::new()
    }
}

impl Layer for Softmax {
    fn call(&self, _cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        expect_float("softmax", x)?;
        Ok(x.softmax(self.axis))
    }

    fn call_many(&self, cx: &mut Scope, inputs: &[Tensor]) -> Result<Tensor> {
        let (x, mask) = match inputs {
            [x] => return self.call(cx, x),
            [x, mask] => (x, mask),
            _ => {
                let text = format!("expected values and perhaps a mask, found {} inputs", inputs.len());
                return Err(Error::new(ErrorKind::Value, text).operation("softmax"));
            }
        };
        expect_float("softmax", x)?;
        let counts = if mask.dtype()? == DType::Bool { mask.clone() } else { mask.greater(0.5) };
        let counts = counts.broadcast_to(x.shape()?);
        let y = counts.select(x, LARGE_NEGATIVE).softmax(self.axis);
        // Where nothing counts, nothing is left.
        Ok(counts.select(y, 0.0))
    }

    fn passes_mask(&self) -> bool {
        true
    }

    fn config(&self) -> Result<serde_json::Value> {
        crate::config::of(self)
    }
}
