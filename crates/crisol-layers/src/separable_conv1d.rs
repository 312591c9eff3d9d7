//! `SeparableConv1D`: first within features, then across them.

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

/// A depthwise convolution, then one with a window of 1: `[batch, steps, features]` becomes `[batch, new_steps, filters]`.
///
/// Weights: `depthwise_kernel [length, features, depth_multiplier]`, `pointwise_kernel [1, features * depth_multiplier, filters]`,
/// `bias [filters]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SeparableConv1D {
    filters: usize,
    kernel_size: usize,
    strides: usize,
    padding: Padding,
    dilation_rate: usize,
    depth_multiplier: usize,
    activation: Function,
    use_bias: bool,
    depthwise: WeightSettings,
    pointwise: WeightSettings,
    bias: WeightSettings,
    #[serde(default, skip_serializing_if = "Activity::is_free")]
    activity: Activity,
}

impl SeparableConv1D {
    /// A layer of the given number of filters over `kernel_size` steps.
    pub fn new(filters: usize, kernel_size: usize) -> SeparableConv1D {
        SeparableConv1D {
            filters,
            kernel_size,
            strides: 1,
            padding: Padding::Valid,
            dilation_rate: 1,
            depth_multiplier: 1,
            activation: Function::default(),
            use_bias: true,
            depthwise: WeightSettings::new(GlorotUniform),
            pointwise: WeightSettings::new(GlorotUniform),
            bias: WeightSettings::new(Zeros),
            activity: Activity::default(),
        }
    }

    /// Steps from one place of the window to the next; 1 by default.
    #[must_use]
    pub fn strides(mut self, strides: usize) -> SeparableConv1D {
        self.strides = strides;
        self
    }

    /// `"valid"`, the default, `"same"` or `"causal"`.
    #[must_use]
    pub fn padding(mut self, padding: impl Into<Padding>) -> SeparableConv1D {
        self.padding = padding.into();
        self
    }

    /// Steps between neighbours of the window; 1 by default.
    #[must_use]
    pub fn dilation_rate(mut self, dilation_rate: usize) -> SeparableConv1D {
        self.dilation_rate = dilation_rate;
        self
    }

    /// The number of filters a feature; 1 by default.
    #[must_use]
    pub fn depth_multiplier(mut self, depth_multiplier: usize) -> SeparableConv1D {
        self.depth_multiplier = depth_multiplier;
        self
    }

    /// The function applied to the output; none by default.
    #[must_use]
    pub fn activation(mut self, activation: impl Into<Function>) -> SeparableConv1D {
        self.activation = activation.into();
        self
    }

    /// Whether a bias is added; by default it is.
    #[must_use]
    pub fn use_bias(mut self, use_bias: bool) -> SeparableConv1D {
        self.use_bias = use_bias;
        self
    }
}

weight_methods!(SeparableConv1D, depthwise: depthwise_initializer depthwise_regularizer depthwise_constraint);
weight_methods!(SeparableConv1D, pointwise: pointwise_initializer pointwise_regularizer pointwise_constraint);
weight_methods!(SeparableConv1D, bias: bias_initializer bias_regularizer bias_constraint);
activity_method!(SeparableConv1D);

impl Layer for SeparableConv1D {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        let shape = sequence_shape("separable_conv1d", x)?;
        if [self.kernel_size, self.strides, self.dilation_rate].contains(&0) {
            let text = format!("{self:?}: expected counts of at least 1");
            return Err(Error::new(ErrorKind::Value, text).operation("separable_conv1d"));
        }
        let padding = self.padding.around(shape[1], self.kernel_size, self.strides, self.dilation_rate)?;
        let (features, multiplier) = (shape[2], self.depth_multiplier);
        let kernel = cx.weight_with("depthwise_kernel", [self.kernel_size, features, multiplier], &self.depthwise);
        let kernel = kernel.reshape([self.kernel_size, 1, features * multiplier]);
        let y = x.conv1d(&kernel, self.strides, self.dilation_rate, padding, features);
        let pointwise = cx.weight_with("pointwise_kernel", [1, features * multiplier, self.filters], &self.pointwise);
        let mut y = y.conv1d(&pointwise, 1, 1, [0, 0], 1);
        if self.use_bias {
            y = y + cx.weight_with("bias", [self.filters], &self.bias);
        }
        let y = self.activation.apply(&y)?;
        self.activity.of(cx, y)
    }

    fn config(&self) -> Result<serde_json::Value> {
        crate::config::of(self)
    }
}
