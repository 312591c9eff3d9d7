//! `Bidirectional`: a sequence read in both directions.

use super::steps::{Steps, only};
use super::{GRU, LSTM, SimpleRNN};
use crate::layer::Layer;
use crate::network::snake_case;
use crate::scope::Scope;
use crisol_tensor::{Error, ErrorKind, Result, Tensor};
use serde::{Deserialize, Serialize};

/// Two copies of a recurrent layer, one of which reads backwards; their outputs are merged, by default one behind the other. The output of
/// each step stands at that step.
///
/// ```
/// use crisol_layers::{Bidirectional, LSTM, LayerExt};
/// let layer = Bidirectional::new(LSTM::new(4).return_sequences(true)).build([5, 3])?;
/// assert_eq!(layer.output_shapes()?, [[None, Some(5), Some(8)]]);
/// # Ok::<(), crisol_tensor::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Bidirectional {
    layer: Recurrent,
    merge_mode: MergeMode,
}

/// A layer that reads sequences in a direction.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Recurrent {
    /// The output is the next input.
    SimpleRNN(SimpleRNN),
    /// Long short-term memory.
    LSTM(LSTM),
    /// Gated recurrent units.
    GRU(GRU),
}

/// How [`Bidirectional`] merges the outputs of its two layers, by Keras' names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum MergeMode {
    /// One behind the other (`"concat"`).
    #[default]
    Concat,
    /// Their sum (`"sum"`).
    Sum,
    /// Their mean (`"ave"`).
    Ave,
    /// Their product (`"mul"`).
    Mul,
    /// Both, as two outputs.
    Separate,
    /// Another name: an error when the layer is built.
    Unknown(String),
}

impl From<&str> for MergeMode {
    fn from(name: &str) -> MergeMode {
        match name {
            "concat" => MergeMode::Concat,
            "sum" => MergeMode::Sum,
            "ave" => MergeMode::Ave,
            "mul" => MergeMode::Mul,
            _ => MergeMode::Unknown(name.to_string()),
        }
    }
}

macro_rules! from {
    ($($layer:ident)*) => {$(
        impl From<$layer> for Recurrent {
            fn from(layer: $layer) -> Recurrent {
                Recurrent::$layer(layer)
            }
        }
    )*};
}
from!(SimpleRNN LSTM GRU);

impl Recurrent {
    fn steps_mut(&mut self) -> &mut Steps {
        match self {
            Recurrent::SimpleRNN(layer) => &mut layer.steps,
            Recurrent::LSTM(layer) => &mut layer.steps,
            Recurrent::GRU(layer) => &mut layer.steps,
        }
    }

    fn steps(&self) -> &Steps {
        match self {
            Recurrent::SimpleRNN(layer) => &layer.steps,
            Recurrent::LSTM(layer) => &layer.steps,
            Recurrent::GRU(layer) => &layer.steps,
        }
    }

    fn layer(&self) -> &dyn Layer {
        match self {
            Recurrent::SimpleRNN(layer) => layer,
            Recurrent::LSTM(layer) => layer,
            Recurrent::GRU(layer) => layer,
        }
    }
}

impl Bidirectional {
    /// A layer that reads in both directions.
    pub fn new(layer: impl Into<Recurrent>) -> Bidirectional {
        Bidirectional { layer: layer.into(), merge_mode: MergeMode::Concat }
    }

    /// How outputs are merged: `"concat"`, the default, `"sum"`, `"ave"`, `"mul"`, or [`MergeMode::Separate`].
    #[must_use]
    pub fn merge_mode(mut self, merge_mode: impl Into<MergeMode>) -> Bidirectional {
        self.merge_mode = merge_mode.into();
        self
    }
}

impl Layer for Bidirectional {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        self.call_many(cx, std::slice::from_ref(x))
    }

    fn call_many(&self, cx: &mut Scope, inputs: &[Tensor]) -> Result<Tensor> {
        only(self.call_all(cx, inputs)?)
    }

    fn call_all(&self, cx: &mut Scope, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
        let [x, states @ ..] = inputs else {
            return Err(Error::new(ErrorKind::Value, "expected a sequence, found nothing").operation("bidirectional"));
        };
        if self.layer.steps().go_backwards {
            let text = "the layer reads backwards already: both directions would be the same";
            return Err(Error::new(ErrorKind::Value, text)
                .operation("bidirectional")
                .help("leave go_backwards out: the second layer gets it"));
        }
        let mut backward = self.layer.clone();
        backward.steps_mut().go_backwards = true;
        let kind = snake_case(self.layer.layer().type_name());
        let half = states.len() / 2;
        let mut results = Vec::new();
        for (direction, layer, states) in
            [("forward", &self.layer, &states[..half]), ("backward", &backward, &states[half..])]
        {
            let given: Vec<Tensor> = [x.clone()].into_iter().chain(states.iter().cloned()).collect();
            let name = format!("{direction}_{kind}");
            results.push(cx.call_layer(&name, Some(&name), layer.layer(), &given)?);
        }
        let (mut backward, mut forward) = (results.pop().unwrap_or_default(), results.pop().unwrap_or_default());
        let (a, mut b) = (forward.remove(0), backward.remove(0));
        let mask = cx.mask(&a);
        if self.layer.steps().return_sequences {
            // It stands in the order in which it was read.
            b = b.flip(&[1]);
        }
        let mut outputs = match &self.merge_mode {
            MergeMode::Concat => vec![Tensor::concatenate(&[&a, &b], -1)],
            MergeMode::Sum => vec![a + b],
            MergeMode::Ave => vec![(a + b) / 2.0],
            MergeMode::Mul => vec![a * b],
            MergeMode::Separate => vec![a, b],
            MergeMode::Unknown(name) => {
                return Err(Error::unknown_name("merge mode", name, ["concat", "sum", "ave", "mul"]));
            }
        };
        if let Some(mask) = mask {
            outputs.iter().for_each(|output| cx.set_mask(output, &mask));
        }
        outputs.extend(forward);
        outputs.extend(backward);
        Ok(outputs)
    }

    fn output_count(&self) -> usize {
        let merged = if self.merge_mode == MergeMode::Separate { 2 } else { 1 };
        merged + 2 * (self.layer.layer().output_count() - 1)
    }

    fn config(&self) -> Result<serde_json::Value> {
        crate::config::of(self)
    }
}
