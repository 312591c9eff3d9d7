//! `Conv1DTranspose`: a convolution the other way round, for sequences.

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

/// The gradient of a convolution as a layer: `[batch, steps, features]` becomes `[batch, new_steps, filters]`, longer by the strides.
///
/// Weights: `kernel [length, filters, features]`, `bias [filters]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Conv1DTranspose {
    filters: usize,
    kernel_size: usize,
    strides: usize,
    padding: Padding,
    output_padding: Option<usize>,
    dilation_rate: usize,
    activation: Function,
    use_bias: bool,
    kernel: WeightSettings,
    bias: WeightSettings,
    #[serde(default, skip_serializing_if = "Activity::is_free")]
    activity: Activity,
}

impl Conv1DTranspose {
    /// A layer of the given number of filters of `kernel_size` steps.
    pub fn new(filters: usize, kernel_size: usize) -> Conv1DTranspose {
        Conv1DTranspose {
            filters,
            kernel_size,
            strides: 1,
            padding: Padding::Valid,
            output_padding: None,
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
    pub fn strides(mut self, strides: usize) -> Conv1DTranspose {
        self.strides = strides;
        self
    }

    /// `"valid"`, the default, or `"same"`.
    #[must_use]
    pub fn padding(mut self, padding: impl Into<Padding>) -> Conv1DTranspose {
        self.padding = padding.into();
        self
    }

    /// More steps at the end; as many as Keras adds by default.
    #[must_use]
    pub fn output_padding(mut self, output_padding: usize) -> Conv1DTranspose {
        self.output_padding = Some(output_padding);
        self
    }

    /// Steps between neighbours of the window; 1 by default.
    #[must_use]
    pub fn dilation_rate(mut self, dilation_rate: usize) -> Conv1DTranspose {
        self.dilation_rate = dilation_rate;
        self
    }

    /// The function applied to the output; none by default.
    #[must_use]
    pub fn activation(mut self, activation: impl Into<Function>) -> Conv1DTranspose {
        self.activation = activation.into();
        self
    }

    /// Whether a bias is added; by default it is.
    #[must_use]
    pub fn use_bias(mut self, use_bias: bool) -> Conv1DTranspose {
        self.use_bias = use_bias;
        self
    }
}

weight_methods!(Conv1DTranspose, kernel: kernel_initializer kernel_regularizer kernel_constraint);
weight_methods!(Conv1DTranspose, bias: bias_initializer bias_regularizer bias_constraint);
activity_method!(Conv1DTranspose);

impl Layer for Conv1DTranspose {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        let features = sequence_shape("conv1d_transpose", x)?[2];
        if [self.filters, self.kernel_size, self.strides, self.dilation_rate].contains(&0) {
            let text = format!("{self:?}: expected counts of at least 1");
            return Err(Error::new(ErrorKind::Value, text).operation("conv1d_transpose"));
        }
        let kernel = cx.weight_with("kernel", [self.kernel_size, self.filters, features], &self.kernel);
        let padding = self.padding.kind()?;
        let mut y = x.conv1d_transpose(&kernel, self.strides, self.dilation_rate, padding, self.output_padding);
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
