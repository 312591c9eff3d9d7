//! The optimizer: a chain of transforms, a learning rate, and the state of every parameter.

use crate::learning_rate::LearningRate;
use crate::options::Options;
use crate::parameter::Parameter;
use crate::slots::{ParameterSlots, Slot, Slots};
use crate::transform::{State, Transform};
use crisol_autograd::Gradients;
use crisol_ir::{Error, ErrorKind, Result, Shape, Value};
use crisol_params::Config;
use crisol_tensor::{Tensor, Variable, evaluate};
use std::sync::atomic::{AtomicU64, Ordering};

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
    pub(crate) name: String,
    pub(crate) learning_rate: LearningRate,
    pub(crate) transforms: Vec<Box<dyn Transform>>,
    pub(crate) options: Options,
    pub(crate) slots: Slots,
    pub(crate) steps: u64,
    /// What it is made from, if a file can hold that.
    pub(crate) config: Option<Config>,
    /// A number that no other optimizer of the process has, and no other options of this one.
    pub(crate) id: u64,
}

/// The names of the states that the options need.
const AVERAGE: &str = "average";
const ACCUMULATED: &str = "accumulated_gradient";

impl Optimizer {
    /// An optimizer that chains transforms.
    ///
    /// # Errors
    /// A learning rate that is negative or not finite, or a schedule whose settings make no sense.
    pub fn new(
        name: impl Into<String>,
        learning_rate: impl Into<LearningRate>,
        transforms: Vec<Box<dyn Transform>>,
    ) -> Result<Optimizer> {
        let (name, learning_rate) = (name.into(), learning_rate.into());
        match &learning_rate {
            LearningRate::Fixed(rate) => check_rate(&name, *rate)?,
            LearningRate::Scheduled(schedule) => schedule.check()?,
        }
        let (id, options, slots) = (next_id(), Options::default(), Slots::default());
        Ok(Optimizer { name, learning_rate, transforms, options, slots, steps: 0, config: None, id })
    }

    /// The optimizer with other [options](crate::OptimizerOptions).
    ///
    /// # Errors
    /// Options that exclude one another, or are out of their range.
    pub fn with_options(mut self, options: Options) -> Result<Optimizer> {
        options.check().map_err(|error| error.operation(self.name.clone()))?;
        self.options = options;
        // Its updates are others than before.
        self.id = next_id();
        Ok(self)
    }

    /// Says what [`from_config`](crate::from_config) makes the same optimizer from.
    pub(crate) fn with_config(mut self, config: Option<Config>) -> Optimizer {
        self.config = config;
        self
    }

    /// What [`from_config`](crate::from_config) makes the same optimizer from, without its state. Nothing, for a chain or a schedule of
    /// one's own, which a file cannot hold.
    pub fn config(&self) -> Option<&Config> {
        self.config.as_ref()
    }

    /// The name in messages and files.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The learning rate of the next step.
    pub fn learning_rate(&self) -> f64 {
        self.learning_rate.at(self.steps)
    }

    /// Changes the learning rate from the next step on. No new plan is made for it.
    ///
    /// # Errors
    /// The rate is negative or not finite, or a schedule gives it.
    pub fn set_learning_rate(&mut self, learning_rate: f64) -> Result<()> {
        check_rate(&self.name, learning_rate)?;
        if let LearningRate::Scheduled(schedule) = &self.learning_rate {
            let text = format!("the learning rate follows a schedule, {schedule:?}, and cannot be set");
            return Err(Error::new(ErrorKind::State, text)
                .operation(self.name.clone())
                .help("build the optimizer with a number as its learning rate"));
        }
        self.learning_rate = LearningRate::Fixed(learning_rate);
        Ok(())
    }

    /// The steps taken so far.
    pub fn iterations(&self) -> u64 {
        self.steps
    }

    /// Counts so many of the last steps as not taken: they were recorded, and failed when they were evaluated, so that no parameter has
    /// changed.
    pub fn take_back(&mut self, steps: u64) {
        self.steps = self.steps.saturating_sub(steps);
    }

    /// The loss times the factor of [`loss_scale_factor`](crate::OptimizerOptions::loss_scale_factor), by which gradients are divided again.
    pub fn scale_loss(&self, loss: &Tensor) -> Tensor {
        match self.options.loss_scale {
            Some(factor) => loss * factor,
            None => loss.clone(),
        }
    }

    /// Records one step for every parameter that has a gradient, and evaluates it together with all that is pending.
    ///
    /// # Errors
    /// No parameter has a gradient; a gradient carries an error; evaluating the step fails. No parameter has changed then.
    pub fn apply<P: Parameter>(&mut self, gradients: Gradients<P>) -> Result<()> {
        self.record(gradients)?;
        self.evaluate()
    }

    /// [`Optimizer::apply`] of gradients that stand beside their parameters, computed or changed by hand.
    ///
    /// # Errors
    /// As [`Optimizer::apply`].
    pub fn apply_gradients<P: Parameter>(&mut self, pairs: impl IntoIterator<Item = (P, Tensor)>) -> Result<()> {
        self.record_pairs(pairs.into_iter().unzip())?;
        self.evaluate()
    }

    /// Records one step without evaluating it: the caller's next read or [`evaluate`] does. Who finds that it fails then says so by
    /// [`Optimizer::take_back`].
    ///
    /// # Errors
    /// As [`Optimizer::apply`].
    pub fn record<P: Parameter>(&mut self, gradients: Gradients<P>) -> Result<()> {
        self.record_pairs(
            gradients.into_iter().filter_map(|(parameter, gradient)| Some((parameter, gradient?))).unzip(),
        )
    }

    /// Puts the moving averages in place of the weights, as Keras does at the end of `fit`. Nothing happens without
    /// [`ema`](crate::OptimizerOptions::ema).
    ///
    /// # Errors
    /// An average that cannot be computed.
    pub fn finalize<P: Parameter>(&self, parameters: &[P]) -> Result<()> {
        for parameter in parameters {
            if let Some((_, average)) = self.states(&parameter.path()).find(|(name, _)| *name == AVERAGE) {
                parameter.variable().assign(average.value())?;
            }
        }
        Ok(())
    }

    /// The states of a parameter by name, if it was stepped before: `[("momentum", ...), ("velocity", ...)]`.
    pub fn states(&self, path: &str) -> impl Iterator<Item = (&'static str, &Variable)> {
        self.slots.get(path).into_iter().flat_map(|of| &of.slots).map(|slot| (slot.name, &slot.variable))
    }

    fn evaluate(&mut self) -> Result<()> {
        let result = evaluate();
        if result.is_err() {
            self.take_back(1);
        }
        result
    }

    fn record_pairs<P: Parameter>(&mut self, (parameters, mut gradients): (Vec<P>, Vec<Tensor>)) -> Result<()> {
        if parameters.is_empty() {
            return Err(Error::new(ErrorKind::Gradient, "no parameter has a gradient")
                .operation(self.name.clone())
                .help("the loss must be computed from the parameters while the tape lives"));
        }
        // With accumulated gradients only every so many steps count for corrections and averages, as in Keras; schedules count all.
        let number = self.steps / self.options.accumulation.unwrap_or(1) + 1;
        let mut places = Vec::with_capacity(parameters.len());
        for (parameter, gradient) in parameters.iter().zip(&gradients) {
            places.push(self.make_slots(places.len(), parameter, gradient)?);
        }
        let mut changes = Changes { assignments: Vec::new(), places: vec![None; parameters.len()] };
        if let Some(factor) = self.options.loss_scale {
            gradients = gradients.iter().map(|gradient| gradient / factor).collect();
        }
        let mut due = true;
        if let Some(steps) = self.options.accumulation {
            due = (self.steps + 1).is_multiple_of(steps);
            for (&place, gradient) in places.iter().zip(&mut gradients) {
                let Some(sum) = self.slots.at(place).state(ACCUMULATED) else { continue };
                let total = sum.value() + &*gradient;
                *gradient = &total / steps as f64;
                changes.assignments.push((sum.clone(), if due { zeros(sum) } else { total }));
            }
        }
        if due {
            self.record_update(&parameters, gradients, &places, number, &mut changes)?;
        }
        if let Some(momentum) = self.options.ema_momentum {
            self.record_averages(&parameters, &places, momentum, number, &mut changes);
        }
        for (parameter, place) in parameters.iter().zip(&changes.places) {
            // After the averages, as in Keras, which are of unconstrained values.
            let Some(place) = *place else { continue };
            let value = &mut changes.assignments[place].1;
            let projected = parameter.project(value.clone());
            *value = projected.map_err(|error| error.layer(parameter.path().into_owned()))?;
        }
        for (variable, value) in &changes.assignments {
            let path = || parameters.iter().find(|p| p.variable() == variable).map(|p| p.path().into_owned());
            value.check().map_err(|error| error.layer(path().unwrap_or_else(|| self.name.clone())))?;
        }
        // Only now, when nothing can be wrong any more, does anything change.
        Variable::assign_all(changes.assignments)?;
        self.steps += 1;
        Ok(())
    }

    /// Averages follow the new weights; at every so many steps they take their place.
    fn record_averages<P: Parameter>(
        &self,
        parameters: &[P],
        places: &[usize],
        momentum: f64,
        number: u64,
        changes: &mut Changes,
    ) {
        // The first average is the first value, as in Keras.
        let momentum = if number == 1 { 0.0 } else { momentum };
        for (index, (parameter, &place)) in parameters.iter().zip(places).enumerate() {
            let Some(average) = self.slots.at(place).state(AVERAGE) else { continue };
            let variable = parameter.variable();
            let place = changes.places[index];
            let value = place.map_or_else(|| variable.value(), |place| changes.assignments[place].1.clone());
            let scalar = |number| Tensor::number(variable.dtype(), number);
            let mean = average.value() * scalar(momentum) + value * scalar(1.0 - momentum);
            if self.options.ema_overwrite_frequency.is_some_and(|frequency| number.is_multiple_of(frequency)) {
                match place {
                    Some(place) => changes.assignments[place].1 = mean.clone(),
                    None => changes.change(index, variable, mean.clone()),
                }
            }
            changes.assignments.push((average.clone(), mean));
        }
    }

    /// The states that a parameter of this shape has, and how many of them each transform.
    pub(crate) fn states_for(&self, shape: &Shape) -> (Vec<State>, Vec<usize>) {
        let mut states = Vec::new();
        let mut counts = Vec::with_capacity(self.transforms.len());
        for transform in &self.transforms {
            let own = transform.states(shape);
            counts.push(own.len());
            states.extend(own);
        }
        if self.options.accumulation.is_some() {
            states.push(State::zeros(ACCUMULATED, shape));
        }
        if self.options.ema_momentum.is_some() {
            states.push(State::zeros(AVERAGE, shape));
        }
        (states, counts)
    }

    /// Checks a gradient; where the states of its parameter are, which are made for its first step.
    fn make_slots<P: Parameter>(&mut self, near: usize, parameter: &P, gradient: &Tensor) -> Result<usize> {
        let (path, variable) = (parameter.path(), parameter.variable());
        let named = |error: Error| error.layer(path.to_string());
        let (given, expected) = (gradient.ty().map_err(named)?, variable.shape());
        if given.shape != expected || given.dtype != variable.dtype() {
            let text = format!("the gradient is {given}, expected {}{expected}", variable.dtype());
            return Err(named(Error::new(ErrorKind::Shape, text).operation(self.name.clone())));
        }
        if let Some(place) = self.slots.place(near, &path) {
            return Ok(place);
        }
        let (states, counts) = self.states_for(&expected);
        let filled = |state: State| {
            let value = state.value(variable.dtype());
            Ok(Slot { name: state.name, variable: Variable::new(Tensor::from_value(value))? })
        };
        let slots = states.into_iter().map(filled).collect::<Result<Vec<Slot>>>()?;
        Ok(self.slots.insert(ParameterSlots { path: path.into_owned(), counts, slots }))
    }
}

/// What a step changes.
pub(crate) struct Changes {
    pub(crate) assignments: Vec<(Variable, Tensor)>,
    /// For each parameter which of them is its own, if it changes.
    pub(crate) places: Vec<Option<usize>>,
}

impl Changes {
    /// Changes a parameter itself.
    pub(crate) fn change(&mut self, index: usize, parameter: &Variable, value: Tensor) {
        self.places[index] = Some(self.assignments.len());
        self.assignments.push((parameter.clone(), value));
    }
}

fn next_id() -> u64 {
    static IDS: AtomicU64 = AtomicU64::new(0);
    IDS.fetch_add(1, Ordering::Relaxed)
}

fn check_rate(name: &str, rate: f64) -> Result<()> {
    if rate.is_finite() && rate >= 0.0 {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Value, format!("the learning rate is {rate}, expected a number from 0 up"))
        .operation(name.to_string()))
}

/// Zeros of a variable's type, as a value.
fn zeros(variable: &Variable) -> Tensor {
    Tensor::from_value(Value::zeros(variable.dtype(), &variable.shape()))
}
