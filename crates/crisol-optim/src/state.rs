//! What an optimizer has learned, as plain values that go into files and come back.

use crate::learning_rate::LearningRate;
use crate::optimizer::Optimizer;
use crate::parameter::Parameter;
use crate::slots::{ParameterSlots, Slot, Slots};
use crisol_ir::{Error, ErrorKind, Result, Value, each_value};
use crisol_tensor::{Tensor, Variable};
use std::collections::BTreeMap;

/// What an optimizer has learned, as plain values: see [`Optimizer::state`].
#[derive(Clone, Debug, PartialEq)]
pub struct OptimizerState {
    /// The optimizer's name.
    pub name: String,
    /// The steps taken.
    pub steps: u64,
    /// The learning rate of the next step.
    pub learning_rate: f64,
    /// The states of all parameters: those of one parameter stand together, in the order of the optimizer's transforms.
    pub slots: Vec<SlotState>,
}

/// One state of one parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct SlotState {
    /// The parameter's path.
    pub path: String,
    /// The state's name: `"momentum"`.
    pub name: String,
    /// Its value.
    pub value: Value,
}

impl Optimizer {
    /// What the optimizer has learned so far, as plain values to be kept in a file.
    ///
    /// # Errors
    /// A state that cannot be computed.
    pub fn state(&self) -> Result<OptimizerState> {
        let mut slots = Vec::new();
        for ParameterSlots { path, slots: of, .. } in self.slots.iter() {
            for slot in of {
                let value = slot.variable.value().to_value()?;
                slots.push(SlotState { path: path.clone(), name: slot.name.to_string(), value });
            }
        }
        let (name, steps, learning_rate) = (self.name.clone(), self.steps, self.learning_rate());
        Ok(OptimizerState { name, steps, learning_rate, slots })
    }

    /// All that keeps a state from being restored to this optimizer of the given parameters; nothing, if it fits.
    pub fn mismatches<P: Parameter>(&self, state: &OptimizerState, parameters: &[P]) -> Vec<String> {
        if state.name != self.name {
            return vec![format!("the optimizer is {:?}, expected {:?}", state.name, self.name)];
        }
        let mut wrong = Vec::new();
        if !state.learning_rate.is_finite() || state.learning_rate < 0.0 {
            wrong.push(format!("the learning rate is {}, expected a number from 0 up", state.learning_rate));
        }
        let mut given: BTreeMap<&str, Vec<&SlotState>> = BTreeMap::new();
        for slot in &state.slots {
            given.entry(&slot.path).or_default().push(slot);
        }
        for (path, slots) in given {
            let Some(parameter) = parameters.iter().find(|parameter| parameter.path() == path) else {
                wrong.push(format!("states of {path} are unexpected"));
                continue;
            };
            let (states, _) = self.states_for(&parameter.variable().shape());
            let names: Vec<&str> = states.iter().map(|state| state.name).collect();
            let found: Vec<&str> = slots.iter().map(|slot| &*slot.name).collect();
            if found != names {
                wrong.push(format!("the states of {path} are {found:?}, expected {names:?}"));
                continue;
            }
            let dtype = parameter.variable().dtype();
            for (SlotState { name, value, .. }, expected) in slots.into_iter().zip(&states) {
                if value.dtype() != dtype || value.shape().is_ok_and(|given| given != expected.shape) {
                    let given = each_value!(value, array => format!("{}{:?}", value.dtype(), array.shape()));
                    wrong.push(format!("{name} of {path} is {given}, expected {dtype}{}", expected.shape));
                }
            }
        }
        wrong
    }

    /// Goes back to what [`Optimizer::state`] gave: the next step is the one that would have followed then.
    ///
    /// # Errors
    /// Another optimizer, or states that do not fit the parameters: all of them are listed and nothing is changed.
    pub fn restore<P: Parameter>(&mut self, state: OptimizerState, parameters: &[P]) -> Result<()> {
        let wrong = self.mismatches(&state, parameters);
        if !wrong.is_empty() {
            let text = format!("the state does not fit: {}", wrong.join("; "));
            return Err(Error::new(ErrorKind::Value, text).operation(self.name.clone()));
        }
        let mut slots = Slots::default();
        for parameter in parameters {
            let path = parameter.path();
            let mut values = state.slots.iter().filter(|slot| slot.path == *path).peekable();
            if values.peek().is_none() {
                continue;
            }
            let (states, counts) = self.states_for(&parameter.variable().shape());
            let own = states
                .iter()
                .zip(values)
                .map(|(state, SlotState { value, .. })| {
                    Ok(Slot { name: state.name, variable: Variable::new(Tensor::from_value(value.clone()))? })
                })
                .collect::<Result<Vec<Slot>>>()?;
            slots.insert(ParameterSlots { path: path.into_owned(), counts, slots: own });
        }
        self.slots = slots;
        self.steps = state.steps;
        if let LearningRate::Fixed(rate) = &mut self.learning_rate {
            *rate = state.learning_rate;
        }
        Ok(())
    }
}
