//! `Conv1D`: a window of weights that moves over sequences.

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

/// `activation(x * kernel + bias)`, where `*` is the cross-correlation of sequences `[batch, steps, features]` with `filters` kernels: the result is
/// `[batch, new_steps, filters]`.
///
/// Weights: `kernel [length, features / groups, filters]`, `bias [filters]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Conv1D {
    filters: usize,
    kernel_size: usize,
    strides: usize,
    padding: Padding,
    dilation_rate: usize,
    groups: usize,
    activation: Function,
    use_bias: bool,
    kernel: WeightSettings,
    bias: WeightSettings,
    #[serde(default, skip_serializing_if = "Activity::is_free")]
    activity: Activity,
}

impl Conv1D {
    /// A layer of the given number of filters, each looking at `kernel_size` steps.
    pub fn new(filters: usize, kernel_size: usize) -> Conv1D {
        Conv1D {
            filters,
            kernel_size,
            strides: 1,
            padding: Padding::Valid,
            dilation_rate: 1,
            groups: 1,
            activation: Function::default(),
            use_bias: true,
            kernel: WeightSettings::new(GlorotUniform),
            bias: WeightSettings::new(Zeros),
            activity: Activity::default(),
        }
    }

    /// Steps from one place of the window to the next; 1 by default.
    #[must_use]
    pub fn strides(mut self, strides: usize) -> Conv1D {
        self.strides = strides;
        self
    }

    /// `"valid"`, the default, `"same"` or `"causal"`.
    #[must_use]
    pub fn padding(mut self, padding: impl Into<Padding>) -> Conv1D {
        self.padding = padding.into();
        self
    }

    /// Steps between neighbours of the window; 1 by default.
    #[must_use]
    pub fn dilation_rate(mut self, dilation_rate: usize) -> Conv1D {
        self.dilation_rate = dilation_rate;
        self
    }

    /// In how many groups features and filters are cut; 1 by default.
    #[must_use]
    pub fn groups(mut self, groups: usize) -> Conv1D {
        self.groups = groups;
        self
    }

    /// The function applied to the output; none by default.
    #[must_use]
    pub fn activation(mut self, activation: impl Into<Function>) -> Conv1D {
        self.activation = activation.into();
        self
    }

    /// Whether a bias is added; by default it is.
    #[must_use]
    pub fn use_bias(mut self, use_bias: bool) -> Conv1D {
        self.use_bias = use_bias;
        self
    }
}

weight_methods!(Conv1D, kernel: kernel_initializer kernel_regularizer kernel_constraint);
weight_methods!(Conv1D, bias: bias_initializer bias_regularizer bias_constraint);
activity_method!(Conv1D);

impl Layer for Conv1D {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        let shape = sequence_shape("conv1d", x)?;
        let (features, groups) = (shape[2], self.groups);
        let counts = [self.filters, self.kernel_size, self.strides, self.dilation_rate, groups];
        if counts.contains(&0) || !features.is_multiple_of(groups) || !self.filters.is_multiple_of(groups) {
            let text = format!(
                "{self:?} does not fit {features} features: expected counts of at least 1, and groups that divide features and filters"
            );
            return Err(Error::new(ErrorKind::Value, text).operation("conv1d"));
        }
        let padding = self.padding.around(shape[1], self.kernel_size, self.strides, self.dilation_rate)?;
        let kernel = cx.weight_with("kernel", [self.kernel_size, features / groups, self.filters], &self.kernel);
        let mut y = x.conv1d(&kernel, self.strides, self.dilation_rate, padding, groups);
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
