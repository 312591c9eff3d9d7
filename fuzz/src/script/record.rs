//! Runs a script with tensors, in many ways that must not matter.

use super::custom::Picky;
use super::{Action, Culprit, Origin, Place, Question, Reading, Script, Slot};
use crisol_autograd::{CustomOp, GradientTape, checkpoint, custom_gradient};
use crisol_ir::Value;
use crisol_tensor::{Source, Tensor, Variable, evaluate, record};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// How a script is run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way {
    /// Whether every operation is evaluated, and its result held, at once.
    pub(super) at_once: bool,
    /// What extra prints, evaluations and handles follow from; none without.
    pub(super) extras: Option<u32>,
}

/// What a script shows: where, and what.
pub(super) type Shown = (String, Value);

pub(super) struct Recorded {
    pub(super) shown: Vec<Shown>,
    /// The value of each operation and gradient in the order in which they came, if all were evaluated at once; no value
    /// for gradients that do not exist.
    pub(super) observed: Vec<Option<Value>>,
    /// Plans made by the end of each step.
    pub(super) plans: Vec<u64>,
}

struct Runner {
    way: Way,
    random: u32,
    step: u64,
    slots: HashMap<Slot, Tensor>,
    variables: Vec<Variable>,
    kept: Vec<(u64, Tensor)>,
    /// Handles held on top.
    hoard: Vec<Tensor>,
    recorded: Recorded,
    /// Whether nothing may be evaluated here: a step that is about to fail.
    is_quiet: bool,
}

/// An unexpected error.
type Outcome<T = ()> = Result<T, String>;

fn text(error: crisol_ir::Error) -> String {
    error.to_string()
}

/// Runs a script on this thread.
pub(super) fn run(script: &Script, way: Way) -> Outcome<Recorded> {
    let recorded = Recorded { shown: Vec::new(), observed: Vec::new(), plans: Vec::new() };
    let variables = script.variables.iter().map(|made| Variable::new(Tensor::from_value(made.value(0))));
    let mut runner = Runner {
        way,
        random: way.extras.unwrap_or(0),
        step: 0,
        slots: HashMap::new(),
        variables: variables.collect::<crisol_ir::Result<_>>().map_err(text)?,
        kept: Vec::new(),
        hoard: Vec::new(),
        recorded,
        is_quiet: false,
    };
    for (step, &body) in script.order.iter().enumerate() {
        runner.step = step as u64;
        runner.actions(&script.bodies[body])?;
        runner.slots.clear();
        evaluate().map_err(text)?;
        if !runner.once_in(2) {
            runner.hoard.clear();
        }
        let (due, rest) = std::mem::take(&mut runner.kept).into_iter().partition(|(until, _)| *until <= step as u64);
        runner.kept = rest;
        for (_, tensor) in due {
            runner.show("kept", &tensor)?;
        }
        runner.recorded.plans.push(crisol_tensor::stats().plans_made);
    }
    for (_, tensor) in std::mem::take(&mut runner.kept) {
        runner.show("kept to the end", &tensor)?;
    }
    for variable in runner.variables.clone() {
        runner.show("variable", &variable.value())?;
    }
    runner.hoard.clear();
    let nodes = crisol_tensor::sizes().nodes;
    if nodes != 0 {
        return Err(format!("{nodes} nodes are left when all is evaluated and dropped"));
    }
    Ok(runner.recorded)
}

impl Runner {
    fn actions(&mut self, actions: &[Action]) -> Outcome {
        for action in actions {
            self.action(action).map_err(|error| match action {
                // Blocks name what is inside.
                Action::Tape { .. } | Action::Checkpoint { .. } | Action::Fails { .. } | Action::Panics { .. } => error,
                _ => format!("step {}, {action:?}: {error}", self.step),
            })?;
        }
        Ok(())
    }

    fn action(&mut self, action: &Action) -> Outcome {
        match action {
            Action::Make { out, made } => {
                self.slots.insert(*out, Tensor::from_value(made.value(self.step)));
            }
            Action::Apply { out, op, inputs } => {
                let inputs: Vec<Tensor> = inputs.iter().map(|&slot| self.slot(slot)).collect::<Outcome<_>>()?;
                let result = op.call(&inputs.iter().collect::<Vec<_>>(), self.step);
                result.check().map_err(text)?;
                drop(inputs);
                self.made(*out, result, true)?;
            }
            Action::Checkpoint { out, segment, result } => {
                let mut inside = Ok(());
                let output = checkpoint(|| {
                    inside = self.actions(segment);
                    let output = self.slot(*result).unwrap_or_else(|_| Tensor::zeros([0]));
                    for action in segment {
                        if let Action::Apply { out, .. } = action {
                            self.slots.remove(out);
                        }
                    }
                    output
                });
                inside?;
                output.check().map_err(text)?;
                self.made(*out, output, false)?;
            }
            Action::Value { out, variable } => {
                self.slots.insert(*out, self.variables[*variable].value());
            }
            Action::Assign { variable, from } => {
                let value = self.slot(*from)?;
                // In a step that fails a value that is yet to be computed: one that is there would be assigned for good.
                let value = if self.is_quiet { value + 1 } else { value };
                self.variables[*variable].assign(value).map_err(text)?;
            }
            Action::Tape { persistent, body, questions } => {
                let tape = if *persistent { GradientTape::persistent() } else { GradientTape::new() };
                self.actions(body)?;
                for question in questions {
                    self.ask(&tape, question)?;
                }
            }
            Action::Read { slot, how } if !self.is_quiet => {
                let tensor = self.slot(*slot)?;
                self.read(&tensor, *how)?;
            }
            Action::Read { .. } => {}
            Action::Evaluate if !self.is_quiet => evaluate().map_err(text)?,
            Action::Evaluate => {}
            Action::Drop { slot } => {
                self.slots.remove(slot);
            }
            Action::Keep { slot, steps } => {
                let tensor = self.slot(*slot)?;
                self.kept.push((self.step + *steps as u64, tensor));
            }
            Action::Fails { culprit, slot, body } => self.fails(*culprit, *slot, body)?,
            Action::Panics { place, slot, body } => self.panics(*place, *slot, body)?,
        }
        Ok(())
    }

    fn slot(&self, slot: Slot) -> Outcome<Tensor> {
        self.slots.get(&slot).cloned().ok_or_else(|| format!("t{slot} does not exist"))
    }

    /// A new tensor; now is the time for whatever the way asks for.
    fn made(&mut self, out: Slot, tensor: Tensor, is_observed: bool) -> Outcome {
        if !self.is_quiet {
            if self.way.at_once {
                let value = tensor.to_value().map_err(text)?;
                self.hoard.push(tensor.clone());
                if is_observed {
                    self.recorded.observed.push(Some(value));
                }
            }
            if self.way.extras.is_some() {
                match self.random() % 12 {
                    0 => drop(tensor.to_value().map_err(text)?),
                    1 => evaluate().map_err(text)?,
                    2 | 3 => self.hoard.push(tensor.clone()),
                    4 => drop((&tensor + &tensor).map_error(|error| error)),
                    _ => {}
                }
            }
        }
        self.slots.insert(out, tensor);
        Ok(())
    }

    fn ask(&mut self, tape: &GradientTape, question: &Question) -> Outcome {
        let sources = question.sources.iter().map(|&source| match source {
            Origin::Slot(slot) => self.slot(slot),
            Origin::Variable(number) => Ok(self.variables[number].tensor()),
        });
        let sources: Vec<Tensor> = sources.collect::<Outcome<_>>()?;
        let gradients = tape.gradient(&self.slot(question.target)?, &sources).map_err(text)?;
        let gradients: Vec<Option<Tensor>> = gradients.tensors().to_vec();
        for ((gradient, source), &out) in gradients.into_iter().zip(&sources).zip(&question.outs) {
            let exists = gradient.is_some();
            let ty = source.ty().map_err(text)?;
            let gradient = gradient.unwrap_or_else(|| Tensor::full(ty.dtype, ty.shape, 0.0));
            if !exists && self.way.at_once && !self.is_quiet {
                self.recorded.observed.push(None);
            }
            self.made(out, gradient, exists)?;
        }
        Ok(())
    }

    fn read(&mut self, tensor: &Tensor, how: Reading) -> Outcome {
        match how {
            Reading::Value => self.show("value", tensor),
            Reading::Text => {
                let shown = tensor.to_string();
                if shown.starts_with('<') {
                    return Err(shown);
                }
                self.show("text", tensor)
            }
            Reading::Elsewhere => {
                let value = elsewhere(|| tensor.to_value())?;
                self.recorded.shown.push((format!("step {}: read on another thread", self.step), value));
                Ok(())
            }
            Reading::ComputedElsewhere => {
                let value = elsewhere(|| (tensor + tensor).to_value())?;
                self.recorded.shown.push((format!("step {}: computed on another thread", self.step), value));
                Ok(())
            }
        }
    }

    fn show(&mut self, what: &str, tensor: &Tensor) -> Outcome {
        let value = tensor.to_value().map_err(text)?;
        self.recorded.shown.push((format!("step {}: {what}", self.step), value));
        Ok(())
    }

    fn fails(&mut self, culprit: Culprit, slot: Slot, body: &[Action]) -> Outcome {
        let was_quiet = self.is_quiet;
        if !was_quiet {
            evaluate().map_err(text)?;
        }
        self.is_quiet = true;
        let before: Vec<Slot> = self.slots.keys().copied().collect();
        let kept = self.kept.len();
        let x = self.slot(slot)?;
        self.actions(body)?;
        let bad = match culprit {
            Culprit::Index => x.reshape([x.shape().map_err(text)?.elements()]).take(&indices(&[1 << 20]), 0),
            Culprit::Segment => {
                let count = x.shape().map_err(text)?.elements();
                x.reshape([count]).segment_sum(&indices(&vec![-7; count]), 2)
            }
            Culprit::Error => Picky::default().call(&[&(&x * 0.0 + 2000.0)]),
            Culprit::Panic => Picky { panics: true }.call(&[&(&x * 0.0 + 2000.0)]),
        };
        bad.check().map_err(text)?;
        let last = &bad + &bad;
        if evaluate().is_ok() {
            return Err("a step succeeded that should fail".to_owned());
        }
        for tensor in [&bad, &last] {
            if tensor.to_value().is_ok() {
                return Err("a value came of a step that failed".to_owned());
            }
        }
        self.slots.retain(|slot, _| before.contains(slot));
        self.kept.truncate(kept);
        self.is_quiet = was_quiet;
        for variable in self.variables.clone() {
            self.show("variable after a failure", &variable.value())?;
        }
        Ok(())
    }

    fn panics(&mut self, place: Place, slot: Slot, body: &[Action]) -> Outcome {
        let before: Vec<Slot> = self.slots.keys().copied().collect();
        let kept = self.kept.len();
        let x = self.slot(slot)?;
        let mut outcome = Ok(());
        let result = catch_unwind(AssertUnwindSafe(|| {
            let _tape = (place == Place::Tape).then(GradientTape::new);
            outcome = self.actions(body);
            let payload = || Box::new("from a script");
            match place {
                Place::Body | Place::Tape => resume_unwind(payload()),
                Place::Record => drop(record(&[&x], |_, _| resume_unwind(payload()))),
                Place::Checkpoint => drop(checkpoint(|| -> Tensor {
                    let _inside = &x * 2.0;
                    resume_unwind(payload())
                })),
                Place::Gradient => {
                    let tape = GradientTape::new();
                    let y = custom_gradient(&[&x], |x| x[0].tanh(), |_, _, _| resume_unwind(Box::new("from a script")));
                    let _gradients = tape.gradient(&(&y * 3.0), [&x]);
                }
            }
        }));
        outcome?;
        if result.is_ok() {
            return Err("a panic was lost".to_owned());
        }
        self.slots.retain(|slot, _| before.contains(slot));
        self.kept.truncate(kept);
        Ok(())
    }

    fn random(&mut self) -> u32 {
        self.random = self.random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.random >> 16
    }

    fn once_in(&mut self, times: u32) -> bool {
        self.way.extras.is_some() && self.random().is_multiple_of(times)
    }
}

fn indices(numbers: &[i64]) -> Tensor {
    Tensor::from_slice(numbers, [numbers.len()])
}

fn elsewhere(work: impl FnOnce() -> crisol_ir::Result<Value> + Send) -> Outcome<Value> {
    let joined = std::thread::scope(|scope| scope.spawn(work).join());
    joined.map_err(|_| "a panic on another thread".to_owned())?.map_err(text)
}
