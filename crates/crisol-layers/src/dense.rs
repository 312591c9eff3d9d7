//! `Dense`: every output sees every input.

use crate::function::Function;
use crate::layer::Layer;
use crate::scope::Scope;
use crate::settings::{Activity, activity_method, weight_methods};
use crate::window::expect_float;
use crisol_params::{GlorotUniform, WeightSettings};
use crisol_tensor::{Error, ErrorKind, Result, Tensor};
use serde::{Deserialize, Serialize};

/// `activation(x kernel + bias)` over the last axis: `[batch, .., inputs]` becomes `[batch, .., units]`.
///
/// Weights: `kernel [inputs, units]`, `bias [units]`.
///
/// ```
/// use crisol_layers::{Dense, Inference, LayerExt};
/// use crisol_tensor::Tensor;
/// let layer = Dense::new(2).kernel_initializer("ones").build([3])?;
/// let y = layer.call(&Tensor::from_slice(&[1.0f32, 2.0, 3.0], [1, 3]), Inference)?;
/// assert_eq!(y.to_vec::<f32>()?, [6.0, 6.0]);
/// # Ok::<(), crisol_tensor::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Dense {
    units: usize,
    activation: Function,
    use_bias: bool,
    kernel: WeightSettings,
    bias: WeightSettings,
    #[serde(default, skip_serializing_if = "Activity::is_free")]
    activity: Activity,
}

impl Dense {
    /// A layer of the given number of outputs.
    pub fn new(units: usize) -> Dense {
        Dense {
            units,
            activation: Function::default(),
            use_bias: true,
            kernel: WeightSettings::new(GlorotUniform),
            bias: WeightSettings::default(),
            activity: Activity::default(),
        }
    }

    /// The function applied to the output; none by default.
    #[must_use]
    pub fn activation(mut self, activation: impl Into<Function>) -> Dense {
        self.activation = activation.into();
        self
    }

    /// Whether a bias is added; by default it is.
    #[must_use]
    pub fn use_bias(mut self, use_bias: bool) -> Dense {
        self.use_bias = use_bias;
        self
    }
}

weight_methods!(Dense, kernel: kernel_initializer kernel_regularizer kernel_constraint);
weight_methods!(Dense, bias: bias_initializer bias_regularizer bias_constraint);
activity_method!(Dense);

impl Layer for Dense {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        expect_float("dense", x)?;
        let shape = x.shape()?;
        if shape.rank() < 2 {
            let text = format!("expected rank 2 or more [batch, .., inputs], found {shape}");
            return Err(Error::new(ErrorKind::Shape, text).operation("dense"));
        }
        if self.units == 0 {
            return Err(Error::new(ErrorKind::Value, "expected at least one unit, found 0").operation("dense"));
        }
        let kernel = cx.weight_with("kernel", [x.dim(-1)?, self.units], &self.kernel);
        let mut y = x.matmul(&kernel);
        if self.use_bias {
            y = y + cx.weight_with("bias", [self.units], &self.bias);
        }
        let y = self.activation.apply(&y)?;
        self.activity.of(cx, y)
    }

    fn config(&self) -> Result<serde_json::Value> {
        crate::config::of(self)
    }

    fn passes_mask(&self) -> bool {
        true
    }

    fn describe(&self, cx: &Scope) -> String {
        match cx.weight_shape("kernel") {
            Some(kernel) => format!("Dense {} -> {}", kernel[0], self.units),
            None => format!("Dense {}", self.units),
        }
    }
}
