//! `Conv2DTranspose`: a convolution the other way round.

use crate::function::Function;
use crate::layer::Layer;
use crate::scope::Scope;
use crate::settings::weight_methods;
use crate::settings::{Activity, activity_method};
use crate::window::{Padding, Pair, image_shape};
use crisol_params::WeightSettings;
use crisol_params::{GlorotUniform, Zeros};
use crisol_tensor::{Conv2dAttributes, Result, Tensor, transposed_window};
use serde::{Deserialize, Serialize};

/// The gradient of a convolution as a layer: images `[batch, height, width, channels]` become `[batch, new_height, new_width, filters]`, larger by
/// the strides.
///
/// Weights: `kernel [height, width, filters, channels]`, `bias [filters]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Conv2DTranspose {
    filters: usize,
    kernel_size: Pair,
    strides: Pair,
    padding: Padding,
    output_padding: Option<Pair>,
    dilation_rate: Pair,
    activation: Function,
    use_bias: bool,
    kernel: WeightSettings,
    bias: WeightSettings,
    #[serde(default, skip_serializing_if = "Activity::is_free")]
    activity: Activity,
}

impl Conv2DTranspose {
    /// A layer of the given number of filters of the given height and width.
    pub fn new(filters: usize, kernel_size: impl Into<Pair>) -> Conv2DTranspose {
        Conv2DTranspose {
            filters,
            kernel_size: kernel_size.into(),
            strides: Pair([1, 1]),
            padding: Padding::Valid,
            output_padding: None,
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
    pub fn strides(mut self, strides: impl Into<Pair>) -> Conv2DTranspose {
        self.strides = strides.into();
        self
    }

    /// `"valid"`, the default, or `"same"`.
    #[must_use]
    pub fn padding(mut self, padding: impl Into<Padding>) -> Conv2DTranspose {
        self.padding = padding.into();
        self
    }

    /// More rows and columns at the end; as many as Keras adds by default.
    #[must_use]
    pub fn output_padding(mut self, output_padding: impl Into<Pair>) -> Conv2DTranspose {
        self.output_padding = Some(output_padding.into());
        self
    }

    /// Rows and columns between neighbours of the window; 1 by default.
    #[must_use]
    pub fn dilation_rate(mut self, dilation_rate: impl Into<Pair>) -> Conv2DTranspose {
        self.dilation_rate = dilation_rate.into();
        self
    }

    /// The function applied to the output; none by default.
    #[must_use]
    pub fn activation(mut self, activation: impl Into<Function>) -> Conv2DTranspose {
        self.activation = activation.into();
        self
    }

    /// Whether a bias is added; by default it is.
    #[must_use]
    pub fn use_bias(mut self, use_bias: bool) -> Conv2DTranspose {
        self.use_bias = use_bias;
        self
    }
}

weight_methods!(Conv2DTranspose, kernel: kernel_initializer kernel_regularizer kernel_constraint);
weight_methods!(Conv2DTranspose, bias: bias_initializer bias_regularizer bias_constraint);
activity_method!(Conv2DTranspose);

impl Layer for Conv2DTranspose {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        let image = image_shape("conv2d_transpose", x)?;
        let window = self.kernel_size.positive("kernel size")?;
        let stride = self.strides.positive("strides")?;
        let dilation = self.dilation_rate.positive("dilation rate")?;
        let padding = self.padding.kind()?;
        let more = self.output_padding.map(|more| more.0);
        let (mut size, mut around) = ([0; 2], [[0; 2]; 2]);
        for axis in 0..2 {
            let more = more.map(|more| more[axis]);
            (size[axis], around[axis]) =
                transposed_window(image[axis + 1], window[axis], stride[axis], dilation[axis], padding, more)?;
        }
        let kernel = cx.weight_with("kernel", [window[0], window[1], self.filters, image[3]], &self.kernel);
        let how = Conv2dAttributes { stride, dilation, padding: around, groups: 1 };
        let mut y = x.conv2d_transpose(&kernel, how, size);
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
