//! The optimizer: a chain of transforms, a learning rate, and the state of every parameter.

use crate::parameter::Parameter;
use crate::transform::{Step, Transform};
use crisol_autograd::Gradients;
use crisol_ir::{Error, ErrorKind, Result, Value, each_value};
use crisol_tensor::{Tensor, Variable, evaluate};
use std::collections::BTreeMap;

/// Steps parameters downhill, as a Keras optimizer.
///
/// An optimizer is a chain of [transforms](Transform): each turns the update that the one before made (at first the gradient)
/// into the next; the last is added to the parameter. State is kept by the parameter's path.
///
/// ```
/// use crisol_autograd::GradientTape;
/// use crisol_optim::Adam;
/// use crisol_tensor::{Tensor, Variable};
/// let x = Variable::new(Tensor::from_slice(&[5.0f32], [1]))?;
/// let mut optimizer = Adam::new(0.1).build()?;
/// for _ in 0..200 {
///     let tape = GradientTape::new();
///     let loss = (x.value() - 2.0).square().sum_all();
///     optimizer.apply(tape.gradient(&loss, [&x])?)?;
/// }
/// assert!((x.value().item()? - 2.0).abs() < 1e-2);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Debug)]
pub struct Optimizer {
    name: String,
    learning_rate: f64,
    transforms: Vec<Box<dyn Transform>>,
    slots: BTreeMap<String, Vec<Slot>>,
    steps: u64,
}

/// The state of one parameter under one name.
#[derive(Debug)]
struct Slot {
    name: &'static str,
    variable: Variable,
}

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
    /// An optimizer that chains transforms.
    ///
    /// # Errors
    /// A learning rate that is not a positive number.
    pub fn new(name: impl Into<String>, learning_rate: f64, transforms: Vec<Box<dyn Transform>>) -> Result<Optimizer> {
        let mut optimizer =
            Optimizer { name: name.into(), learning_rate, transforms, slots: BTreeMap::new(), steps: 0 };
        optimizer.set_learning_rate(learning_rate)?;
        Ok(optimizer)
    }

    /// The name in messages and files.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The learning rate of the next step.
    pub fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    /// Changes the learning rate from the next step on. No new plan is made for it.
    ///
    /// # Errors
    /// The rate is negative or not finite.
    pub fn set_learning_rate(&mut self, learning_rate: f64) -> Result<()> {
        if !learning_rate.is_finite() || learning_rate < 0.0 {
            return Err(Error::new(
                ErrorKind::Value,
                format!("the learning rate is {learning_rate}, expected a number from 0 up"),
            )
            .operation(self.name.clone()));
        }
        self.learning_rate = learning_rate;
        Ok(())
    }

    /// The steps taken so far.
    pub fn iterations(&self) -> u64 {
        self.steps
    }

    /// Records one step for every parameter that has a gradient, and evaluates it together with all that is pending.
    ///
    /// # Errors
    /// No parameter has a gradient; a gradient carries an error; evaluating the step fails. No parameter has changed then.
    pub fn apply<P: Parameter>(&mut self, gradients: Gradients<P>) -> Result<()> {
        self.record(gradients)?;
        let result = evaluate();
        if result.is_err() {
            self.steps -= 1;
        }
        result
    }

    /// Records one step without evaluating it: the caller's next read or [`evaluate`] does.
    ///
    /// # Errors
    /// As [`Optimizer::apply`].
    pub fn record<P: Parameter>(&mut self, gradients: Gradients<P>) -> Result<()> {
        let pairs: Vec<(P, Tensor)> =
            gradients.into_iter().filter_map(|(parameter, gradient)| Some((parameter, gradient?))).collect();
        if pairs.is_empty() {
            return Err(Error::new(ErrorKind::Gradient, "no parameter has a gradient")
                .operation(self.name.clone())
                .help("the loss must be computed from the parameters while the tape lives"));
        }
        let step = Step { number: self.steps + 1, learning_rate: self.learning_rate };
        let states = self.transforms.iter().map(|transform| transform.states().len()).sum::<usize>();
        let mut assignments = Vec::with_capacity(pairs.len() * (1 + states));
        for (parameter, gradient) in &pairs {
            let variable = parameter.variable();
            let slots = self.slots_of(parameter)?;
            let mut states: Vec<Tensor> = slots.iter().map(|slot| slot.variable.value()).collect();
            let variables: Vec<Variable> = slots.iter().map(|slot| slot.variable.clone()).collect();
            let mut update = gradient.clone();
            let mut rest = states.as_mut_slice();
            for transform in &self.transforms {
                let (own, others) = rest.split_at_mut(transform.states().len());
                update = transform.apply(&step, update, own);
                rest = others;
            }
            let value = variable.value() + update;
            value.check().map_err(|error| error.layer(parameter.path().into_owned()))?;
            assignments.push((variable.clone(), value));
            assignments.extend(variables.into_iter().zip(states));
        }
        // Only now, when nothing can be wrong any more, does anything change.
        for (variable, value) in assignments {
            variable.assign(value)?;
        }
        self.steps += 1;
        Ok(())
    }

    /// The states of a parameter by name, if it was stepped before: `[("momentum", ...), ("velocity", ...)]`.
    pub fn states(&self, path: &str) -> impl Iterator<Item = (&'static str, &Variable)> {
        self.slots.get(path).into_iter().flatten().map(|slot| (slot.name, &slot.variable))
    }

    /// What the optimizer has learned so far, as plain values to be kept in a file.
    ///
    /// # Errors
    /// A state that cannot be computed.
    pub fn state(&self) -> Result<OptimizerState> {
        let mut slots = Vec::new();
        for (path, own) in &self.slots {
            for slot in own {
                let value = slot.variable.value().to_value()?;
                slots.push(SlotState { path: path.clone(), name: slot.name.to_string(), value });
            }
        }
        let (name, steps, learning_rate) = (self.name.clone(), self.steps, self.learning_rate);
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
        let names: Vec<&str> = self.transforms.iter().flat_map(|transform| transform.states()).copied().collect();
        let mut given: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for slot in &state.slots {
            let SlotState { path, name, value } = slot;
            given.entry(path).or_default().push(name);
            let Some(parameter) = parameters.iter().find(|parameter| parameter.path() == path.as_str()) else {
                continue;
            };
            let (dtype, shape) = (parameter.variable().dtype(), parameter.variable().shape());
            let fits = value.dtype() == dtype && value.shape().is_ok_and(|given| given == shape);
            if !fits {
                let given = each_value!(value, array => format!("{}{:?}", value.dtype(), array.shape()));
                wrong.push(format!("{name} of {path} is {given}, expected {dtype}{shape}"));
            }
        }
        for (path, given) in given {
            if !parameters.iter().any(|parameter| parameter.path() == path) {
                wrong.push(format!("states of {path} are unexpected"));
            } else if given != names {
                wrong.push(format!("the states of {path} are {given:?}, expected {names:?}"));
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
        let names = self.transforms.iter().flat_map(|transform| transform.states());
        let mut slots: BTreeMap<String, Vec<Slot>> = BTreeMap::new();
        let names: Vec<&'static str> = names.copied().collect();
        for SlotState { path, value, .. } in state.slots {
            let own = slots.entry(path).or_default();
            // Every path has all names in their order, as checked above.
            let Some(&name) = names.get(own.len()) else { continue };
            own.push(Slot { name, variable: Variable::new(Tensor::from_value(value))? });
        }
        self.slots = slots;
        self.steps = state.steps;
        self.learning_rate = state.learning_rate;
        Ok(())
    }

    fn slots_of<P: Parameter>(&mut self, parameter: &P) -> Result<&[Slot]> {
        let path = parameter.path();
        let variable = parameter.variable();
        if !self.slots.contains_key(&*path) {
            let names = self.transforms.iter().flat_map(|transform| transform.states());
            let slots = names
                .map(|name| {
                    let zeros = Value::zeros(variable.dtype(), &variable.shape());
                    Ok(Slot { name, variable: Variable::new(Tensor::from_value(zeros))? })
                })
                .collect::<Result<Vec<Slot>>>()?;
            self.slots.insert(path.to_string(), slots);
        }
        Ok(self.slots.get(&*path).map(Vec::as_slice).unwrap_or_default())
    }
}
