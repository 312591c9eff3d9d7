//! `Conv2D`: a window of weights that moves over images.

use crate::function::Function;
use crate::layer::Layer;
use crate::scope::Scope;
use crate::settings::{Activity, activity_method, weight_methods};
use crate::window::{Padding, Pair, image_shape};
use crisol_params::{GlorotUniform, WeightSettings};
use crisol_tensor::{Conv2dAttributes, Error, ErrorKind, Result, Tensor};
use serde::{Deserialize, Serialize};

/// `activation(x * kernel + bias)`, where `*` is the cross-correlation of images `[batch, height, width, channels]` with
/// `filters` kernels: the result is `[batch, new_height, new_width, filters]`.
///
/// Weights: `kernel [height, width, channels / groups, filters]`, `bias [filters]`. With `"valid"` padding the new height is
/// `(height - (kernel - 1) * dilation - 1) / stride + 1`, with `"same"` it is `height / stride` rounded up.
///
/// ```
/// use crisol_layers::{Conv2D, LayerExt};
/// let layer = Conv2D::new(32, 3).strides(2).padding("same").activation("relu").build([28, 28, 1])?;
/// assert_eq!(layer.output_shapes()?, [[None, Some(14), Some(14), Some(32)]]);
/// # Ok::<(), crisol_tensor::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Conv2D {
    filters: usize,
    kernel_size: Pair,
    strides: Pair,
    padding: Padding,
    dilation_rate: Pair,
    groups: usize,
    activation: Function,
    use_bias: bool,
    kernel: WeightSettings,
    bias: WeightSettings,
    #[serde(default, skip_serializing_if = "Activity::is_free")]
    activity: Activity,
}

impl Conv2D {
    /// A layer of the given number of filters, each looking through a window of the given height and width.
    pub fn new(filters: usize, kernel_size: impl Into<Pair>) -> Conv2D {
        Conv2D {
            filters,
            kernel_size: kernel_size.into(),
            strides: Pair([1, 1]),
            padding: Padding::Valid,
            dilation_rate: Pair([1, 1]),
            groups: 1,
            activation: Function::default(),
            use_bias: true,
            kernel: WeightSettings::new(GlorotUniform),
            bias: WeightSettings::default(),
            activity: Activity::default(),
        }
    }

    /// Rows and columns from one place of the window to the next; 1 by default.
    #[must_use]
    pub fn strides(mut self, strides: impl Into<Pair>) -> Conv2D {
        self.strides = strides.into();
        self
    }

    /// `"valid"`, the default, or `"same"`.
    #[must_use]
    pub fn padding(mut self, padding: impl Into<Padding>) -> Conv2D {
        self.padding = padding.into();
        self
    }

    /// Rows and columns between neighbours of the window; 1 by default.
    #[must_use]
    pub fn dilation_rate(mut self, dilation_rate: impl Into<Pair>) -> Conv2D {
        self.dilation_rate = dilation_rate.into();
        self
    }

    /// In how many groups channels and filters are cut, each filter seeing the channels of its group; 1 by default.
    #[must_use]
    pub fn groups(mut self, groups: usize) -> Conv2D {
        self.groups = groups;
        self
    }

    /// The function applied to the output; none by default.
    #[must_use]
    pub fn activation(mut self, activation: impl Into<Function>) -> Conv2D {
        self.activation = activation.into();
        self
    }

    /// Whether a bias is added; by default it is.
    #[must_use]
    pub fn use_bias(mut self, use_bias: bool) -> Conv2D {
        self.use_bias = use_bias;
        self
    }
}

weight_methods!(Conv2D, kernel: kernel_initializer kernel_regularizer kernel_constraint);
weight_methods!(Conv2D, bias: bias_initializer bias_regularizer bias_constraint);
activity_method!(Conv2D);

impl Layer for Conv2D {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        let image = image_shape("conv2d", x)?;
        let window = self.kernel_size.positive("kernel size")?;
        let stride = self.strides.positive("strides")?;
        let dilation = self.dilation_rate.positive("dilation rate")?;
        let (channels, groups) = (image[3], self.groups);
        if groups == 0 || self.filters == 0 || [channels, self.filters].iter().any(|size| !size.is_multiple_of(groups))
        {
            let text = format!(
                "expected groups that divide channels and filters, found {groups} groups, {channels} channels and {} filters",
                self.filters
            );
            return Err(Error::new(ErrorKind::Value, text).operation("conv2d"));
        }
        let padding = self.padding.widths(&image, window, stride, dilation)?;
        let shape = [window[0], window[1], channels / groups, self.filters];
        let kernel = cx.weight_with("kernel", shape, &self.kernel);
        let mut y = x.conv2d(&kernel, Conv2dAttributes { stride, dilation, padding, groups });
        if self.use_bias {
            y = y + cx.weight_with("bias", [self.filters], &self.bias);
        }
        let y = self.activation.apply(&y)?;
        self.activity.of(cx, y)
    }

    fn config(&self) -> Result<serde_json::Value> {
        crate::config::of(self)
    }

    fn describe(&self, _cx: &Scope) -> String {
        let [height, width] = self.kernel_size.0;
        format!("Conv2D {} of {height}x{width}", self.filters)
    }
}
