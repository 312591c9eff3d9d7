//! Runs a script on plain definitions: one graph for all of it, every value computed where it stands.
//!
//! What the real run observed takes the place of each value once the two were compared, so that rounding errors do not add up
//! and every comparison, order and kink is decided on equal numbers.

use super::op::Op;
use super::record::Shown;
use super::{Action, Origin, Question, Script, Slot};
use crate::oracle::distance;
use crisol_autograd::append_gradients;
use crisol_ir::{DType, Error, Graph, NodeId, Result, TensorType, Value};
use std::collections::{HashMap, VecDeque};

struct Plain {
    graph: Graph,
    values: Vec<Value>,
    slots: HashMap<Slot, NodeId>,
    variables: Vec<NodeId>,
    kept: Vec<(u64, NodeId)>,
    step: u64,
    observed: VecDeque<Option<Value>>,
    shown: Vec<Shown>,
}

/// What the script shows, given what was observed when it ran.
///
/// # Errors
/// A value is too far from its definition, or a gradient exists where there should be none.
pub(super) fn run(script: &Script, observed: &[Option<Value>]) -> Result<Vec<Shown>> {
    let mut plain = Plain {
        graph: Graph::new(),
        values: Vec::new(),
        slots: HashMap::new(),
        variables: Vec::new(),
        kept: Vec::new(),
        step: 0,
        observed: observed.iter().cloned().collect(),
        shown: Vec::new(),
    };
    for made in &script.variables {
        let node = plain.given(made.value(0))?;
        plain.variables.push(node);
    }
    for (step, &body) in script.order.iter().enumerate() {
        plain.step = step as u64;
        plain.actions(&script.bodies[body])?;
        plain.slots.clear();
        let (due, rest) = std::mem::take(&mut plain.kept).into_iter().partition(|(until, _)| *until <= step as u64);
        plain.kept = rest;
        due.into_iter().for_each(|(_, node)| plain.show("kept", node));
    }
    for (_, node) in std::mem::take(&mut plain.kept) {
        plain.show("kept to the end", node);
    }
    for node in plain.variables.clone() {
        plain.show("variable", node);
    }
    Ok(plain.shown)
}

impl Plain {
    fn actions(&mut self, actions: &[Action]) -> Result<()> {
        for action in actions {
            self.action(action)?;
        }
        Ok(())
    }

    fn action(&mut self, action: &Action) -> Result<()> {
        match action {
            Action::Make { out, made } => {
                let node = self.given(made.value(self.step))?;
                self.slots.insert(*out, node);
            }
            Action::Apply { out, op, inputs } => {
                let inputs: Vec<NodeId> = inputs.iter().map(|slot| self.slots[slot]).collect();
                let node = self.apply(op, &inputs).map_err(|error| self.at(*out, error))?;
                self.slots.insert(*out, node);
            }
            Action::Checkpoint { out, segment, result } => {
                self.actions(segment)?;
                self.slots.insert(*out, self.slots[result]);
            }
            Action::Value { out, variable } => {
                self.slots.insert(*out, self.variables[*variable]);
            }
            Action::Assign { variable, from } => self.variables[*variable] = self.slots[from],
            Action::Tape { body, questions, .. } => {
                let start = NodeId(self.graph.len() as u32);
                self.actions(body)?;
                for question in questions {
                    self.ask(start, question)?;
                }
            }
            Action::Read { slot, how } => {
                let node = self.slots[slot];
                match how {
                    super::Reading::Value => self.show("value", node),
                    super::Reading::Text => self.show("text", node),
                    super::Reading::Elsewhere => self.show("read on another thread", node),
                    super::Reading::ComputedElsewhere => {
                        let sum = crisol_ops::add(&mut self.graph, node, node)?;
                        self.define()?;
                        self.show("computed on another thread", sum);
                    }
                }
            }
            Action::Evaluate => {}
            Action::Drop { slot } => {
                self.slots.remove(slot);
            }
            Action::Keep { slot, steps } => {
                let node = self.slots[slot];
                self.kept.push((self.step + *steps as u64, node));
            }
            Action::Fails { .. } => {
                for node in self.variables.clone() {
                    self.show("variable after a failure", node);
                }
            }
            Action::Panics { body, .. } => {
                let (slots, kept) = (self.slots.clone(), self.kept.clone());
                self.actions(body)?;
                (self.slots, self.kept) = (slots, kept);
            }
        }
        Ok(())
    }

    fn given(&mut self, value: Value) -> Result<NodeId> {
        let node = self.graph.input(TensorType::new(value.dtype(), value.shape()?));
        self.values.push(value);
        Ok(node)
    }

    fn apply(&mut self, op: &Op, inputs: &[NodeId]) -> Result<NodeId> {
        let first = self.graph.len();
        let node = op.append(&mut self.graph, inputs, self.step)?;
        self.define()?;
        let size =
            |nodes: &mut dyn Iterator<Item = usize>| nodes.map(|node| largest(&self.values[node])).fold(1.0, f64::max);
        let given = size(&mut inputs.iter().map(|input| input.index()));
        let given = if op.is_product() { given * given } else { given };
        let size = given.max(size(&mut (first..self.graph.len())));
        let types: Vec<TensorType> = inputs.iter().map(|&input| self.graph.ty(input)).collect();
        let allowed = 32.0 * epsilon(self.graph.ty(node).dtype) * op.terms(&types) * size;
        self.compare(node, allowed)?;
        Ok(node)
    }

    fn ask(&mut self, start: NodeId, question: &Question) -> Result<()> {
        let node = |source: &Origin| match *source {
            Origin::Slot(slot) => self.slots[&slot],
            Origin::Variable(number) => self.variables[number],
        };
        let sources: Vec<NodeId> = question.sources.iter().map(node).collect();
        let first = self.graph.len();
        let gradients = append_gradients(&mut self.graph, self.slots[&question.target], &sources, start)?;
        self.define()?;
        // How precise the whole way back is.
        let back = first..self.graph.len();
        let size = back.clone().map(|node| largest(&self.values[node])).fold(1.0, f64::max);
        let is_single = back.clone().any(|node| self.graph.ty(NodeId(node as u32)).dtype == DType::F32);
        let allowed = size * if is_single { 1e-3 } else { 1e-9 };
        for ((gradient, source), &out) in gradients.into_iter().zip(sources).zip(&question.outs) {
            let node = match gradient {
                Some(node) => {
                    self.compare(node, allowed).map_err(|error| self.at(out, error))?;
                    node
                }
                None => {
                    if let Some(Some(value)) = self.observed.pop_front() {
                        return Err(self.at(out, wrong(format!("there should be no gradient: {value:?}"))));
                    }
                    let ty = self.graph.ty(source);
                    self.given(Value::zeros(ty.dtype, &ty.shape))?
                }
            };
            self.slots.insert(out, node);
        }
        Ok(())
    }

    /// Computes the nodes that have no value yet.
    fn define(&mut self) -> Result<()> {
        let first = self.values.len();
        let mut part = Graph::new();
        let mut places = HashMap::new();
        let mut arguments = Vec::new();
        let mut outputs = Vec::new();
        for id in self.graph.ids().skip(first) {
            let node = self.graph.node(id);
            for &input in node.inputs.iter().filter(|input| input.index() < first) {
                places.entry(input).or_insert_with(|| {
                    arguments.push(self.values[input.index()].clone());
                    part.input(self.graph.ty(input))
                });
            }
            let copy = part.copy(node, |input| places[&input]);
            places.insert(id, copy);
            outputs.push(copy);
        }
        self.values.extend(crisol_ops::eager::evaluate(&part, &outputs, &arguments)?);
        Ok(())
    }

    /// Compares a node with what was observed next, which takes its place.
    fn compare(&mut self, node: NodeId, allowed: f64) -> Result<()> {
        let value = &self.values[node.index()];
        let Some(Some(observed)) = self.observed.pop_front() else {
            return Err(wrong(format!("nothing was observed where the definition gives {value:?}")));
        };
        let apart = distance(value, &observed);
        let fits = value.dtype() == observed.dtype() && value.shape()? == observed.shape()?;
        if !fits || apart.is_nan() || apart > allowed {
            return Err(wrong(format!(
                "{apart} from the definition, {allowed} expected at most: {observed:?} instead of {value:?}"
            )));
        }
        self.values[node.index()] = observed;
        Ok(())
    }

    /// Tells which tensor an error is about.
    fn at(&self, slot: Slot, error: Error) -> Error {
        error.operation(format!("step {}, t{slot}", self.step))
    }

    fn show(&mut self, what: &str, node: NodeId) {
        self.shown.push((format!("step {}: {what}", self.step), self.values[node.index()].clone()));
    }
}

fn wrong(message: String) -> Error {
    Error::new(crisol_ir::ErrorKind::Value, message)
}

/// The largest magnitude of finite numbers.
fn largest(value: &Value) -> f64 {
    match value.cast(DType::F64) {
        Value::F64(array) => array.iter().map(|x| x.abs()).filter(|x| x.is_finite()).fold(0.0, f64::max),
        _ => 0.0,
    }
}

fn epsilon(dtype: DType) -> f64 {
    match dtype {
        DType::F32 => f64::from(f32::EPSILON),
        DType::F64 => f64::EPSILON,
        _ => 0.0,
    }
}
