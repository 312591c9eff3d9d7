//! `SeparableConv2D`: first within channels, then across them.

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

/// A depthwise convolution, then one with a window of 1: `[batch, height, width, channels]` becomes `[batch, new_height, new_width, filters]` (Chollet,
/// 2017).
///
/// Weights: `depthwise_kernel [height, width, channels, depth_multiplier]`, `pointwise_kernel [1, 1, channels * depth_multiplier, filters]`,
/// `bias [filters]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SeparableConv2D {
    filters: usize,
    kernel_size: Pair,
    strides: Pair,
    padding: Padding,
    dilation_rate: Pair,
    depth_multiplier: usize,
    activation: Function,
    use_bias: bool,
    depthwise: WeightSettings,
    pointwise: WeightSettings,
    bias: WeightSettings,
    #[serde(default, skip_serializing_if = "Activity::is_free")]
    activity: Activity,
}

impl SeparableConv2D {
    /// A layer of the given number of filters over windows of the given height and width.
    pub fn new(filters: usize, kernel_size: impl Into<Pair>) -> SeparableConv2D {
        SeparableConv2D {
            filters,
            kernel_size: kernel_size.into(),
            strides: Pair([1, 1]),
            padding: Padding::Valid,
            dilation_rate: Pair([1, 1]),
            depth_multiplier: 1,
            activation: Function::default(),
            use_bias: true,
            depthwise: WeightSettings::new(GlorotUniform),
            pointwise: WeightSettings::new(GlorotUniform),
            bias: WeightSettings::new(Zeros),
            activity: Activity::default(),
        }
    }

    /// Rows and columns from one place of the window to the next; 1 by default.
    #[must_use]
    pub fn strides(mut self, strides: impl Into<Pair>) -> SeparableConv2D {
        self.strides = strides.into();
        self
    }

    /// `"valid"`, the default, or `"same"`.
    #[must_use]
    pub fn padding(mut self, padding: impl Into<Padding>) -> SeparableConv2D {
        self.padding = padding.into();
        self
    }

    /// Rows and columns between neighbours of the window; 1 by default.
    #[must_use]
    pub fn dilation_rate(mut self, dilation_rate: impl Into<Pair>) -> SeparableConv2D {
        self.dilation_rate = dilation_rate.into();
        self
    }

    /// The number of filters a channel; 1 by default.
    #[must_use]
    pub fn depth_multiplier(mut self, depth_multiplier: usize) -> SeparableConv2D {
        self.depth_multiplier = depth_multiplier;
        self
    }

    /// The function applied to the output; none by default.
    #[must_use]
    pub fn activation(mut self, activation: impl Into<Function>) -> SeparableConv2D {
        self.activation = activation.into();
        self
    }

    /// Whether a bias is added; by default it is.
    #[must_use]
    pub fn use_bias(mut self, use_bias: bool) -> SeparableConv2D {
        self.use_bias = use_bias;
        self
    }
}

weight_methods!(SeparableConv2D, depthwise: depthwise_initializer depthwise_regularizer depthwise_constraint);
weight_methods!(SeparableConv2D, pointwise: pointwise_initializer pointwise_regularizer pointwise_constraint);
weight_methods!(SeparableConv2D, bias: bias_initializer bias_regularizer bias_constraint);
activity_method!(SeparableConv2D);

impl Layer for SeparableConv2D {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        let image = image_shape("separable_conv2d", x)?;
        let window = self.kernel_size.positive("kernel size")?;
        let stride = self.strides.positive("strides")?;
        let dilation = self.dilation_rate.positive("dilation rate")?;
        let padding = self.padding.widths(&image, window, stride, dilation)?;
        let (channels, multiplier) = (image[3], self.depth_multiplier);
        let kernel = cx.weight_with("depthwise_kernel", [window[0], window[1], channels, multiplier], &self.depthwise);
        let kernel = kernel.reshape([window[0], window[1], 1, channels * multiplier]);
        let y = x.conv2d(&kernel, Conv2dAttributes { stride, dilation, padding, groups: channels });
        let pointwise =
            cx.weight_with("pointwise_kernel", [1, 1, channels * multiplier, self.filters], &self.pointwise);
        let mut y = y.conv2d(&pointwise, Conv2dAttributes::default());
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
