//! `GRU`: a state with two gates.

use super::steps::{Steps, only, steps_methods};
use crate::function::Function;
use crate::layer::Layer;
use crate::scope::Scope;
use crate::settings::{Activity, activity_method, weight_methods};
use crate::window::sequence_shape;
use crisol_params::{GlorotUniform, Orthogonal, WeightSettings};
use crisol_tensor::{Error, ErrorKind, Result, Tensor};
use serde::{Deserialize, Serialize};

/// Gated recurrent unit (Cho and others, 2014): at every step of `[batch, steps, features]`, with `z` and `r` the sigmoids of
/// `x kernel + bias + h recurrent_kernel + recurrent_bias` in its first two parts, and `a = tanh(x kernel + bias + r * (h recurrent_kernel +
/// recurrent_bias))` in the third (or `(r * h) recurrent_kernel`, if the reset comes before),
///
/// `h = z * h + (1 - z) * a`;
///
/// the output is the last `h`, `[batch, units]`, or all of them. A second input is the first state.
///
/// Weights: `kernel [features, 3 units]`, `recurrent_kernel [units, 3 units]`, `bias [2, 3 units]`, or `[3 units]` if the reset comes before.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GRU {
    units: usize,
    activation: Function,
    use_bias: bool,
    recurrent_activation: Function,
    reset_after: bool,
    kernel: WeightSettings,
    recurrent: WeightSettings,
    bias: WeightSettings,
    pub(super) steps: Steps,
    #[serde(default, skip_serializing_if = "Activity::is_free")]
    activity: Activity,
}

impl GRU {
    /// A layer whose state has the given number of units.
    pub fn new(units: usize) -> GRU {
        GRU {
            units,
            activation: Function::from("tanh"),
            use_bias: true,
            recurrent_activation: Function::from("sigmoid"),
            reset_after: true,
            kernel: WeightSettings::new(GlorotUniform),
            recurrent: WeightSettings::new(Orthogonal::default()),
            bias: WeightSettings::default(),
            steps: Steps::default(),
            activity: Activity::default(),
        }
    }

    /// The function of the new state; `"tanh"` by default.
    #[must_use]
    pub fn activation(mut self, activation: impl Into<Function>) -> GRU {
        self.activation = activation.into();
        self
    }

    /// Whether a bias is added; by default it is.
    #[must_use]
    pub fn use_bias(mut self, use_bias: bool) -> GRU {
        self.use_bias = use_bias;
        self
    }

    /// The function of the gates; `"sigmoid"` by default.
    #[must_use]
    pub fn recurrent_activation(mut self, recurrent_activation: impl Into<Function>) -> GRU {
        self.recurrent_activation = recurrent_activation.into();
        self
    }

    /// Whether the state is reset after it is multiplied with its kernel; by default it is.
    #[must_use]
    pub fn reset_after(mut self, reset_after: bool) -> GRU {
        self.reset_after = reset_after;
        self
    }
}

weight_methods!(GRU, kernel: kernel_initializer kernel_regularizer kernel_constraint);
weight_methods!(GRU, recurrent: recurrent_initializer recurrent_regularizer recurrent_constraint);
weight_methods!(GRU, bias: bias_initializer bias_regularizer bias_constraint);
steps_methods!(GRU);
activity_method!(GRU);

impl Layer for GRU {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        self.call_many(cx, std::slice::from_ref(x))
    }

    fn call_many(&self, cx: &mut Scope, inputs: &[Tensor]) -> Result<Tensor> {
        only(self.call_all(cx, inputs)?)
    }

    fn call_all(&self, cx: &mut Scope, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
        let Some(sequence) = inputs.first() else {
            return Err(Error::new(ErrorKind::Value, "expected a sequence, found nothing").operation("gru"));
        };
        let features = sequence_shape("gru", sequence)?[2];
        let units = self.units;
        let [input_dropout, state_dropout] = self.steps.dropouts("gru", cx, sequence, units)?;
        let x = input_dropout.map_or_else(|| sequence.clone(), |dropout| sequence * dropout);
        let kernel = cx.weight_with("kernel", [features, 3 * units], &self.kernel);
        let recurrent = cx.weight_with("recurrent_kernel", [units, 3 * units], &self.recurrent);
        let mut projected = x.matmul(&kernel);
        let mut recurrent_bias = None;
        if self.use_bias && self.reset_after {
            let bias = cx.weight_with("bias", [2, 3 * units], &self.bias).unstack(0)?;
            projected = projected + &bias[0];
            recurrent_bias = Some(bias[1].clone());
        } else if self.use_bias {
            projected = projected + cx.weight_with("bias", [3 * units], &self.bias);
        }
        let parts = recurrent.split_at(&[2 * units], 1);
        let outputs = self.steps.run(cx, (inputs, &projected), (1, units), &mut |x, states| {
            let h = state_dropout.as_ref().map_or_else(|| states[0].clone(), |dropout| &states[0] * dropout);
            let gate = |x: Tensor| Tensor::from(self.recurrent_activation.apply(&x));
            let x = x.split(3, -1);
            let (z, candidate) = if self.reset_after {
                let mut inner = h.matmul(&recurrent);
                if let Some(bias) = &recurrent_bias {
                    inner = inner + bias;
                }
                let inner = inner.split(3, -1);
                let r = gate(&x[1] + &inner[1]);
                (gate(&x[0] + &inner[0]), &x[2] + r * &inner[2])
            } else {
                let inner = h.matmul(&parts[0]).split(2, -1);
                let r = gate(&x[1] + &inner[1]);
                (gate(&x[0] + &inner[0]), &x[2] + (r * &h).matmul(&parts[1]))
            };
            let candidate = Tensor::from(self.activation.apply(&candidate));
            vec![&z * &states[0] + (-&z + 1.0) * candidate]
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
        format!("GRU {}", self.units)
    }
}
