//! `DepthwiseConv2D`: every channel has filters of its own.

use crate::function::Function;
use crate::layer::Layer;
use crate::scope::Scope;
use crate::settings::weight_methods;
use crate::settings::{Activity, activity_method};
use crate::window::{Padding, Pair, image_shape};
use crisol_params::WeightSettings;
use crisol_params::{GlorotUniform, Zeros};
use crisol_tensor::{Conv2dAttributes, Result, Tensor};
use serde::{Deserialize, Serialize};

/// The cross-correlation of each channel of `[batch, height, width, channels]` with its own `depth_multiplier` kernels: the result has
/// `channels * depth_multiplier` channels.
///
/// Weights: `kernel [height, width, channels, depth_multiplier]`, `bias [channels * depth_multiplier]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DepthwiseConv2D {
    kernel_size: Pair,
    strides: Pair,
    padding: Padding,
    depth_multiplier: usize,
    dilation_rate: Pair,
    activation: Function,
    use_bias: bool,
    kernel: WeightSettings,
    bias: WeightSettings,
    #[serde(default, skip_serializing_if = "Activity::is_free")]
    activity: Activity,
}

impl DepthwiseConv2D {
    /// Filters of the given height and width.
    pub fn new(kernel_size: impl Into<Pair>) -> DepthwiseConv2D {
        DepthwiseConv2D {
            kernel_size: kernel_size.into(),
            strides: Pair([1, 1]),
            padding: Padding::Valid,
            depth_multiplier: 1,
            dilation_rate: Pair([1, 1]),
            activation: Function::default(),
            use_bias: true,
            kernel: WeightSettings::new(GlorotUniform),
            bias: WeightSettings::new(Zeros),
            activity: Activity::default(),
        }
    }

    /// Rows and columns from one place of the window to the next; 1 by default.
    #[must_use]
    pub fn strides(mut self, strides: impl Into<Pair>) -> DepthwiseConv2D {
        self.strides = strides.into();
        self
    }

    /// `"valid"`, the default, or `"same"`.
    #[must_use]
    pub fn padding(mut self, padding: impl Into<Padding>) -> DepthwiseConv2D {
        self.padding = padding.into();
        self
    }

    /// The number of filters a channel; 1 by default.
    #[must_use]
    pub fn depth_multiplier(mut self, depth_multiplier: usize) -> DepthwiseConv2D {
        self.depth_multiplier = depth_multiplier;
        self
    }

    /// Rows and columns between neighbours of the window; 1 by default.
    #[must_use]
    pub fn dilation_rate(mut self, dilation_rate: impl Into<Pair>) -> DepthwiseConv2D {
        self.dilation_rate = dilation_rate.into();
        self
    }

    /// The function applied to the output; none by default.
    #[must_use]
    pub fn activation(mut self, activation: impl Into<Function>) -> DepthwiseConv2D {
        self.activation = activation.into();
        self
    }

    /// Whether a bias is added; by default it is.
    #[must_use]
    pub fn use_bias(mut self, use_bias: bool) -> DepthwiseConv2D {
        self.use_bias = use_bias;
        self
    }
}

weight_methods!(DepthwiseConv2D, kernel: depthwise_initializer depthwise_regularizer depthwise_constraint);
weight_methods!(DepthwiseConv2D, bias: bias_initializer bias_regularizer bias_constraint);
activity_method!(DepthwiseConv2D);

impl Layer for DepthwiseConv2D {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        let image = image_shape("depthwise_conv2d", x)?;
        let window = self.kernel_size.positive("kernel size")?;
        let stride = self.strides.positive("strides")?;
        let dilation = self.dilation_rate.positive("dilation rate")?;
        let padding = self.padding.widths(&image, window, stride, dilation)?;
        let (channels, multiplier) = (image[3], self.depth_multiplier);
        let kernel = cx.weight_with("kernel", [window[0], window[1], channels, multiplier], &self.kernel);
        let kernel = kernel.reshape([window[0], window[1], 1, channels * multiplier]);
        let mut y = x.conv2d(&kernel, Conv2dAttributes { stride, dilation, padding, groups: channels });
        if self.use_bias {
            y = y + cx.weight_with("bias", [channels * multiplier], &self.bias);
        }
        let y = self.activation.apply(&y)?;
        self.activity.of(cx, y)
    }

    fn config(&self) -> Result<serde_json::Value> {
        crate::config::of(self)
    }
}
