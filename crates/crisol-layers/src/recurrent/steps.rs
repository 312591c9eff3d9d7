//! The loop over the steps of a sequence that recurrent layers share.

use crate::dropout::check_rate;
use crate::scope::Scope;
use crisol_params::Zeros;
use crisol_tensor::{Error, ErrorKind, Result, Tensor};
use serde::{Deserialize, Serialize};

/// What recurrent layers return and in which order they read.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Steps {
    pub(crate) return_sequences: bool,
    pub(crate) return_state: bool,
    pub(crate) go_backwards: bool,
    /// The size of the batches whose last states are the first of the next.
    pub(crate) stateful: Option<usize>,
    pub(crate) dropout: f64,
    pub(crate) recurrent_dropout: f64,
}

/// The methods of a recurrent layer that set how it goes over a sequence, held in the field `steps`.
macro_rules! steps_methods {
    ($layer:ty) => {
        /// How the layer goes over a sequence.
        impl $layer {
            /// Whether the output of every step is returned, `[batch, steps, units]`; by default only the last one, `[batch, units]`.
            #[must_use]
            pub fn return_sequences(mut self, return_sequences: bool) -> Self {
                self.steps.return_sequences = return_sequences;
                self
            }

            /// Whether the last states are outputs as well, behind the first; by default they are not. Apply such a layer with
            /// [`outputs_on`](crate::LayerExt::outputs_on).
            #[must_use]
            pub fn return_state(mut self, return_state: bool) -> Self {
                self.steps.return_state = return_state;
                self
            }

            /// Whether the last step is read first; by default the first is. The output of the step that is read first comes first.
            #[must_use]
            pub fn go_backwards(mut self, go_backwards: bool) -> Self {
                self.steps.go_backwards = go_backwards;
                self
            }

            /// Begins each batch with the states that the last one ended with. All batches have `batch` samples.
            #[must_use]
            pub fn stateful(mut self, batch: usize) -> Self {
                self.steps.stateful = Some(batch);
                self
            }

            /// The share of the input's numbers that are left out in training, the same at every step; 0 by default.
            #[must_use]
            pub fn dropout(mut self, dropout: f64) -> Self {
                self.steps.dropout = dropout;
                self
            }

            /// The share of the state's numbers that are left out in training, the same at every step; 0 by default.
            #[must_use]
            pub fn recurrent_dropout(mut self, recurrent_dropout: f64) -> Self {
                self.steps.recurrent_dropout = recurrent_dropout;
                self
            }
        }
    };
}
pub(crate) use steps_methods;

impl Steps {
    pub(crate) fn output_count(&self, states: usize) -> usize {
        if self.return_state { 1 + states } else { 1 }
    }

    /// What inputs and states are multiplied by in training, for all steps: `[batch, 1, features]` and `[batch, units]`.
    pub(crate) fn dropouts(
        &self,
        operation: &str,
        cx: &mut Scope,
        x: &Tensor,
        units: usize,
    ) -> Result<[Option<Tensor>; 2]> {
        let (batch, features) = (x.dim(0)?, x.dim(-1)?);
        let mut made = [None, None];
        for (place, rate, shape) in
            [(0, self.dropout, vec![batch, 1, features]), (1, self.recurrent_dropout, vec![batch, units])]
        {
            check_rate(operation, rate)?;
            if cx.training() && rate > 0.0 {
                let keep = Tensor::random_uniform(shape.as_slice(), 0.0, 1.0, cx.key()).greater_equal(rate);
                made[place] = Some(keep.cast(x.dtype()?) / (1.0 - rate));
            }
        }
        Ok(made)
    }

    /// Goes over a sequence `[batch, steps, ..]` that was multiplied with the kernel already. `step` makes new states, the first of which
    /// is the output, from a step's input and the states before. All steps are recorded, none is computed: the loop is one plan.
    pub(crate) fn run(
        &self,
        cx: &mut Scope,
        (given, projected): (&[Tensor], &Tensor),
        (states, units): (usize, usize),
        step: &mut dyn FnMut(&Tensor, &[Tensor]) -> Vec<Tensor>,
    ) -> Result<Vec<Tensor>> {
        let x = &given[0];
        let batch = x.dim(0)?;
        let kept = self.kept(cx, batch, states, units)?;
        let mut now = match (&given[1..], &kept) {
            ([], Some(kept)) => kept.iter().map(|state| state.value()).collect(),
            ([], None) => vec![Tensor::full(x.dtype()?, [batch, units], 0.0); states],
            (initial, _) if initial.len() == states => initial.to_vec(),
            (initial, _) => {
                let text = format!("expected a sequence and {states} first states, found {} states", initial.len());
                return Err(Error::new(ErrorKind::Value, text));
            }
        };
        let mut inputs = projected.unstack(1)?;
        let mask = cx.mask(x);
        let mut counts = mask.as_ref().map_or_else(|| Ok(Vec::new()), |mask| mask.unstack(1))?;
        if self.go_backwards {
            inputs.reverse();
            counts.reverse();
        }
        let mut outputs = Vec::new();
        for (place, input) in inputs.iter().enumerate() {
            let new = step(input, &now);
            now = match counts.get(place) {
                None => new,
                Some(counts) => {
                    let counts = counts.expand_dims(-1).broadcast_to([batch, units]);
                    new.iter().zip(&now).map(|(new, old)| counts.select(new, old)).collect()
                }
            };
            if self.return_sequences {
                outputs.push(now[0].clone());
            }
        }
        if let Some(kept) = kept {
            kept.iter().zip(&now).for_each(|(state, value)| state.assign(value));
        }
        let output = match self.return_sequences {
            true => Tensor::stack(&outputs.iter().collect::<Vec<_>>(), 1),
            false => now[0].clone(),
        };
        if let (true, Some(mask)) = (self.return_sequences, &mask) {
            cx.set_mask(&output, mask);
        }
        let mut all = vec![output];
        if self.return_state {
            all.extend(now);
        }
        Ok(all)
    }

    /// The states that are kept from batch to batch.
    fn kept(&self, cx: &mut Scope, batch: usize, states: usize, units: usize) -> Result<Option<Vec<crate::State>>> {
        let Some(expected) = self.stateful else { return Ok(None) };
        let names = (0..states).map(|place| format!("state_{place}"));
        let kept: Vec<crate::State> = names.map(|name| cx.state(&name, [expected, units], Zeros)).collect();
        if cx.is_building() {
            // A trace's batch is not a real one.
            return Ok(None);
        }
        if batch != expected {
            let text = format!("a stateful layer for batches of {expected} samples was given {batch}");
            return Err(Error::new(ErrorKind::Shape, text).help("drop the remainder of the data set"));
        }
        Ok(Some(kept))
    }
}

/// The first of several outputs, if it is the only one.
pub(crate) fn only(outputs: Vec<Tensor>) -> Result<Tensor> {
    let count = outputs.len();
    match outputs.into_iter().next() {
        Some(output) if count == 1 => Ok(output),
        _ => {
            let text = format!("the layer has {count} outputs, expected one");
            Err(Error::new(ErrorKind::Value, text).help("apply it with outputs_on, or call it with layer_all"))
        }
    }
}
