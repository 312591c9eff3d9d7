//! `LSTM`: a state that gates open and close.

use super::steps::{Steps, only, steps_methods};
use crate::function::Function;
use crate::layer::Layer;
use crate::scope::Scope;
use crate::settings::{Activity, activity_method, weight_methods};
use crate::window::sequence_shape;
use crisol_params::{GlorotUniform, Initializer, Ones, Orthogonal, WeightSettings};
use crisol_tensor::random::Key;
use crisol_tensor::{DType, Error, ErrorKind, Result, Shape, Tensor};
use serde::{Deserialize, Serialize};

/// Long short-term memory (Hochreiter and Schmidhuber, 1997): at every step of `[batch, steps, features]`, with
/// `i, f, g, o = split(x kernel + h recurrent_kernel + bias)`,
///
/// `c = sigmoid(f) * c + sigmoid(i) * tanh(g)` and `h = sigmoid(o) * tanh(c)`;
///
/// the output is the last `h`, `[batch, units]`, or all of them. Two more inputs are the first `h` and `c`; with `return_state` the last ones are
/// outputs as well.
///
/// Weights: `kernel [features, 4 units]`, `recurrent_kernel [units, 4 units]`, `bias [4 units]`, 1 for `f` and 0 elsewhere at first.
///
/// ```
/// use crisol_layers::{Inference, LSTM, LayerExt};
/// use crisol_tensor::Tensor;
/// let layer = LSTM::new(4).return_sequences(true).build([5, 3])?;
/// let y = layer.call(&Tensor::ones([2, 5, 3]), Inference)?;
/// assert_eq!(y.shape()?.sizes(), [2, 5, 4]);
/// # Ok::<(), crisol_tensor::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LSTM {
    units: usize,
    activation: Function,
    use_bias: bool,
    recurrent_activation: Function,
    unit_forget_bias: bool,
    kernel: WeightSettings,
    recurrent: WeightSettings,
    bias: WeightSettings,
    pub(super) steps: Steps,
    #[serde(default, skip_serializing_if = "Activity::is_free")]
    activity: Activity,
}

impl LSTM {
    /// A layer whose state has the given number of units.
    pub fn new(units: usize) -> LSTM {
        LSTM {
            units,
            activation: Function::from("tanh"),
            use_bias: true,
            recurrent_activation: Function::from("sigmoid"),
            unit_forget_bias: true,
            kernel: WeightSettings::new(GlorotUniform),
            recurrent: WeightSettings::new(Orthogonal::default()),
            bias: WeightSettings::default(),
            steps: Steps::default(),
            activity: Activity::default(),
        }
    }

    /// The function of the new state; `"tanh"` by default.
    #[must_use]
    pub fn activation(mut self, activation: impl Into<Function>) -> LSTM {
        self.activation = activation.into();
        self
    }

    /// Whether a bias is added; by default it is.
    #[must_use]
    pub fn use_bias(mut self, use_bias: bool) -> LSTM {
        self.use_bias = use_bias;
        self
    }

    /// The function of the gates; `"sigmoid"` by default.
    #[must_use]
    pub fn recurrent_activation(mut self, recurrent_activation: impl Into<Function>) -> LSTM {
        self.recurrent_activation = recurrent_activation.into();
        self
    }

    /// Whether the bias of `f` begins at 1, so that nothing is forgotten at first; by default it does.
    #[must_use]
    pub fn unit_forget_bias(mut self, unit_forget_bias: bool) -> LSTM {
        self.unit_forget_bias = unit_forget_bias;
        self
    }
}

weight_methods!(LSTM, kernel: kernel_initializer kernel_regularizer kernel_constraint);
weight_methods!(LSTM, recurrent: recurrent_initializer recurrent_regularizer recurrent_constraint);
weight_methods!(LSTM, bias: bias_initializer bias_regularizer bias_constraint);
steps_methods!(LSTM);
activity_method!(LSTM);

impl Layer for LSTM {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        self.call_many(cx, std::slice::from_ref(x))
    }

    fn call_many(&self, cx: &mut Scope, inputs: &[Tensor]) -> Result<Tensor> {
        only(self.call_all(cx, inputs)?)
    }

    fn call_all(&self, cx: &mut Scope, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
        let Some(sequence) = inputs.first() else {
            return Err(Error::new(ErrorKind::Value, "expected a sequence, found nothing").operation("lstm"));
        };
        let features = sequence_shape("lstm", sequence)?[2];
        let units = self.units;
        let [input_dropout, state_dropout] = self.steps.dropouts("lstm", cx, sequence, units)?;
        let x = input_dropout.map_or_else(|| sequence.clone(), |dropout| sequence * dropout);
        let kernel = cx.weight_with("kernel", [features, 4 * units], &self.kernel);
        let recurrent = cx.weight_with("recurrent_kernel", [units, 4 * units], &self.recurrent);
        let mut projected = x.matmul(&kernel);
        if self.use_bias {
            let mut settings = self.bias.clone();
            if self.unit_forget_bias {
                settings.initializer = std::sync::Arc::new(ForgetBias { units, rest: settings.initializer });
            }
            projected = projected + cx.weight_with("bias", [4 * units], &settings);
        }
        let outputs = self.steps.run(cx, (inputs, &projected), (2, units), &mut |x, states| {
            let h = state_dropout.as_ref().map_or_else(|| states[0].clone(), |dropout| &states[0] * dropout);
            let gates = (x + h.matmul(&recurrent)).split(4, -1);
            let gate = |place: usize| Tensor::from(self.recurrent_activation.apply(&gates[place]));
            let candidate = Tensor::from(self.activation.apply(&gates[2]));
            let c = gate(1) * &states[1] + gate(0) * candidate;
            vec![gate(3) * Tensor::from(self.activation.apply(&c)), c]
        })?;
        cx.add_activity_loss(self.activity.0.as_deref(), &outputs[0])?;
        Ok(outputs)
    }

    fn output_count(&self) -> usize {
        self.steps.output_count(2)
    }

    fn config(&self) -> Result<serde_json::Value> {
        crate::config::of(self)
    }

    fn describe(&self, _cx: &Scope) -> String {
        format!("LSTM {}", self.units)
    }
}

/// Ones for the second of four parts, the rest as another initializer says.
#[derive(Debug)]
struct ForgetBias {
    units: usize,
    rest: std::sync::Arc<dyn Initializer>,
}

impl Initializer for ForgetBias {
    fn initialize(&self, _shape: Shape, dtype: DType, key: Key) -> Result<Tensor> {
        let part = |count: usize, key: Key| self.rest.initialize(Shape::new(&[count * self.units])?, dtype, key);
        let ones = Ones.initialize(Shape::new(&[self.units])?, dtype, key)?;
        Ok(Tensor::concatenate(&[&part(1, key)?, &ones, &part(2, key.fold(1))?], 0))
    }
}
