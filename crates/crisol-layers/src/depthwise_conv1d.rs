//! `DepthwiseConv1D`: every feature has filters of its own.

use crate::function::Function;
use crate::layer::Layer;
use crate::scope::Scope;
use crate::settings::weight_methods;
use crate::settings::{Activity, activity_method};
use crate::window::{Padding, sequence_shape};
use crisol_params::WeightSettings;
use crisol_params::{GlorotUniform, Zeros};
use crisol_tensor::{Error, ErrorKind, Result, Tensor};
use serde::{Deserialize, Serialize};

/// The cross-correlation of each feature of `[batch, steps, features]` with its own `depth_multiplier` kernels.
///
/// Weights: `kernel [length, features, depth_multiplier]`, `bias [features * depth_multiplier]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DepthwiseConv1D {
    kernel_size: usize,
    strides: usize,
    padding: Padding,
    depth_multiplier: usize,
    dilation_rate: usize,
    activation: Function,
    use_bias: bool,
    kernel: WeightSettings,
    bias: WeightSettings,
    #[serde(default, skip_serializing_if = "Activity::is_free")]
    activity: Activity,
}

impl DepthwiseConv1D {
    /// Filters of the given length.
    pub fn new(kernel_size: usize) -> DepthwiseConv1D {
        DepthwiseConv1D {
            kernel_size,
            strides: 1,
            padding: Padding::Valid,
            depth_multiplier: 1,
            dilation_rate: 1,
            activation: Function::default(),
            use_bias: true,
            kernel: WeightSettings::new(GlorotUniform),
            bias: WeightSettings::new(Zeros),
            activity: Activity::default(),
        }
    }

    /// Steps from one place of the window to the next; 1 by default.
    #[must_use]
    pub fn strides(mut self, strides: usize) -> DepthwiseConv1D {
        self.strides = strides;
        self
    }

    /// `"valid"`, the default, `"same"` or `"causal"`.
    #[must_use]
    pub fn padding(mut self, padding: impl Into<Padding>) -> DepthwiseConv1D {
        self.padding = padding.into();
        self
    }

    /// The number of filters a feature; 1 by default.
    #[must_use]
    pub fn depth_multiplier(mut self, depth_multiplier: usize) -> DepthwiseConv1D {
        self.depth_multiplier = depth_multiplier;
        self
    }

    /// Steps between neighbours of the window; 1 by default.
    #[must_use]
    pub fn dilation_rate(mut self, dilation_rate: usize) -> DepthwiseConv1D {
        self.dilation_rate = dilation_rate;
        self
    }

    /// The function applied to the output; none by default.
    #[must_use]
    pub fn activation(mut self, activation: impl Into<Function>) -> DepthwiseConv1D {
        self.activation = activation.into();
        self
    }

    /// Whether a bias is added; by default it is.
    #[must_use]
    pub fn use_bias(mut self, use_bias: bool) -> DepthwiseConv1D {
        self.use_bias = use_bias;
        self
    }
}

weight_methods!(DepthwiseConv1D, kernel: depthwise_initializer depthwise_regularizer depthwise_constraint);
weight_methods!(DepthwiseConv1D, bias: bias_initializer bias_regularizer bias_constraint);
activity_method!(DepthwiseConv1D);

impl Layer for DepthwiseConv1D {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        let shape = sequence_shape("depthwise_conv1d", x)?;
        if [self.kernel_size, self.strides, self.dilation_rate].contains(&0) {
            let text = format!("{self:?}: expected counts of at least 1");
            return Err(Error::new(ErrorKind::Value, text).operation("depthwise_conv1d"));
        }
        let padding = self.padding.around(shape[1], self.kernel_size, self.strides, self.dilation_rate)?;
        let (features, multiplier) = (shape[2], self.depth_multiplier);
        let kernel = cx.weight_with("kernel", [self.kernel_size, features, multiplier], &self.kernel);
        let kernel = kernel.reshape([self.kernel_size, 1, features * multiplier]);
        let mut y = x.conv1d(&kernel, self.strides, self.dilation_rate, padding, features);
        if self.use_bias {
            y = y + cx.weight_with("bias", [features * multiplier], &self.bias);
        }
        let y = self.activation.apply(&y)?;
        self.activity.of(cx, y)
    }

    fn config(&self) -> Result<serde_json::Value> {
        crate::config::of(self)
    }
}
