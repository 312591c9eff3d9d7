//! `SimpleRNN`: the output is the next input.

use super::steps::{Steps, only, steps_methods};
use crate::function::Function;
use crate::layer::Layer;
use crate::scope::Scope;
use crate::settings::{Activity, activity_method, weight_methods};
use crate::window::sequence_shape;
use crisol_params::{GlorotUniform, Orthogonal, WeightSettings};
use crisol_tensor::{Error, ErrorKind, Result, Tensor};
use serde::{Deserialize, Serialize};

/// `h = activation(x kernel + bias + h_before recurrent_kernel)` at every step of `[batch, steps, features]`: the last `h`, `[batch, units]`, or all
/// of them. A second input is the first state.
///
/// Weights: `kernel [features, units]`, `recurrent_kernel [units, units]`, `bias [units]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SimpleRNN {
    units: usize,
    activation: Function,
    use_bias: bool,
    kernel: WeightSettings,
    recurrent: WeightSettings,
    bias: WeightSettings,
    pub(super) steps: Steps,
    #[serde(default, skip_serializing_if = "Activity::is_free")]
    activity: Activity,
}

impl SimpleRNN {
    /// A layer whose state has the given number of units.
    pub fn new(units: usize) -> SimpleRNN {
        SimpleRNN {
            units,
            activation: Function::from("tanh"),
            use_bias: true,
            kernel: WeightSettings::new(GlorotUniform),
            recurrent: WeightSettings::new(Orthogonal::default()),
            bias: WeightSettings::default(),
            steps: Steps::default(),
            activity: Activity::default(),
        }
    }

    /// The function of the new state; `"tanh"` by default.
    #[must_use]
    pub fn activation(mut self, activation: impl Into<Function>) -> SimpleRNN {
        self.activation = activation.into();
        self
    }

    /// Whether a bias is added; by default it is.
    #[must_use]
    pub fn use_bias(mut self, use_bias: bool) -> SimpleRNN {
        self.use_bias = use_bias;
        self
    }
}

weight_methods!(SimpleRNN, kernel: kernel_initializer kernel_regularizer kernel_constraint);
weight_methods!(SimpleRNN, recurrent: recurrent_initializer recurrent_regularizer recurrent_constraint);
weight_methods!(SimpleRNN, bias: bias_initializer bias_regularizer bias_constraint);
steps_methods!(SimpleRNN);
activity_method!(SimpleRNN);

impl Layer for SimpleRNN {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        self.call_many(cx, std::slice::from_ref(x))
    }

    fn call_many(&self, cx: &mut Scope, inputs: &[Tensor]) -> Result<Tensor> {
        only(self.call_all(cx, inputs)?)
    }

    fn call_all(&self, cx: &mut Scope, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
        let Some(sequence) = inputs.first() else {
            return Err(Error::new(ErrorKind::Value, "expected a sequence, found nothing").operation("simple_rnn"));
        };
        let features = sequence_shape("simple_rnn", sequence)?[2];
        let units = self.units;
        let [input_dropout, state_dropout] = self.steps.dropouts("simple_rnn", cx, sequence, units)?;
        let x = input_dropout.map_or_else(|| sequence.clone(), |dropout| sequence * dropout);
        let kernel = cx.weight_with("kernel", [features, units], &self.kernel);
        let recurrent = cx.weight_with("recurrent_kernel", [units, units], &self.recurrent);
        let mut projected = x.matmul(&kernel);
        if self.use_bias {
            projected = projected + cx.weight_with("bias", [units], &self.bias);
        }
        self.activation.apply(&projected)?;
        let outputs = self.steps.run(cx, (inputs, &projected), (1, units), &mut |x, states| {
            let h = state_dropout.as_ref().map_or_else(|| states[0].clone(), |dropout| &states[0] * dropout);
            vec![Tensor::from(self.activation.apply(&(x + h.matmul(&recurrent))))]
        })?;
        cx.add_activity_loss(self.activity.0.as_deref(), &outputs[0])?;
        Ok(outputs)
    }

    fn output_count(&self) -> usize {
        self.steps.output_count(1)
    }

    fn config(&self) -> Result<serde_json::Value> {
        crate::config::of(self)
    }

    fn describe(&self, _cx: &Scope) -> String {
        format!("SimpleRNN {}", self.units)
    }
}
