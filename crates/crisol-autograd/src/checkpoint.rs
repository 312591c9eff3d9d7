//! Checkpoints: segments whose intermediate values are computed again for the gradients instead of being kept.

use crate::backward::Stop;
use crate::differentiate::{in_graph, nodes_of};
use crate::note;
use crisol_ir::primitive::Gradients;
use crisol_ir::{
    Attributes, Error, ErrorKind, Graph, Kind, Layout, NodeId, Operation, Primitive, Probe, Result, TensorType, Value,
};
use crisol_tensor::{Tensor, position, record};
use smallvec::smallvec;
use std::collections::BTreeSet;

/// Calls `segment`; gradients through it compute its intermediate values again instead of keeping them.
///
/// Without checkpoints every value that a gradient needs lives from the forward pass to the backward pass. Between two
/// checkpoints only what the second one was computed from does: a chain of n equal blocks, each a checkpoint, needs the memory of
/// n inputs and one block, for one more forward pass of time. Values and gradients have the same bits as without.
///
/// What counts as the segment's input is found by itself: tensors from outside, variables and random keys may be captured;
/// intermediate values that the caller holds handles of are stored, as everything that is held. `segment` may return a `Result`.
///
/// ```
/// use crisol_autograd::{GradientTape, checkpoint};
/// use crisol_tensor::Tensor;
/// let x = Tensor::from_slice(&[0.5f32, -1.0], [2]);
/// let tape = GradientTape::new();
/// let mut y = x.clone();
/// for _ in 0..3 {
///     let before = y.clone();
///     y = checkpoint(|| (before.exp() + 1.0).log().tanh());
/// }
/// let gradient = tape.gradient(&y.sum_all(), [&x])?.only()?;
/// assert!(gradient.to_vec::<f32>()?.iter().all(|&slope| slope > 0.0));
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[track_caller]
pub fn checkpoint<T: Into<Tensor>>(segment: impl FnOnce() -> T) -> Tensor {
    let (recording, first) = position();
    let output = segment().into();
    if !note::is_taping() || position().0 != recording || output.check().is_err() {
        return output;
    }
    let boundary = nodes_of(&[&output]).and_then(|nodes| {
        let node = nodes.first().copied().ok_or_else(|| Error::new(ErrorKind::Internal, "no node"))?;
        in_graph(|graph| Ok(boundary(graph, node, first)))
    });
    match boundary {
        Ok(boundary) => record(&[&output], |graph, nodes| {
            graph.apply(&CHECKPOINT, Attributes::none(), &[nodes, boundary.as_slice()].concat())
        }),
        Err(error) => Tensor::failed(error),
    }
}

/// What a node is computed from: arguments, and nodes from before `first`. Constants are none of them.
fn boundary(graph: &Graph, output: NodeId, first: NodeId) -> Vec<NodeId> {
    let mut found = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut stack = vec![output];
    while let Some(id) = stack.pop() {
        let node = graph.node(id);
        match node.operation {
            Operation::Constant(_) => {}
            Operation::Primitive(..) if id >= first => {
                stack.extend(node.inputs.iter().copied().filter(|&input| seen.insert(input)));
            }
            _ => {
                found.insert(id);
            }
        }
    }
    found.into_iter().collect()
}

/// A segment's second computation.
pub(crate) struct Again {
    /// The first node of it.
    pub(crate) start: NodeId,
    /// What stands for the segment's inputs.
    pub(crate) inputs: Vec<NodeId>,
    pub(crate) output: NodeId,
    /// The original of each copied node, and the copy.
    pub(crate) copies: Vec<(NodeId, NodeId)>,
}

/// Appends the computation of a checkpointed value once more, from inputs that wait for the gradient with respect to it.
pub(crate) fn again(graph: &mut Graph, stop: Stop) -> Result<Again> {
    let node = graph.node(stop.node).inputs.clone();
    let [output, boundary @ ..] = node.as_slice() else {
        return Err(Error::new(ErrorKind::Internal, "a checkpoint of nothing"));
    };
    let start = NodeId(graph.len() as u32);
    let mut places = vec![None; stop.node.index()];
    let mut inputs = Vec::with_capacity(boundary.len());
    for &input in boundary {
        let place = graph.apply(&BARRIER, Attributes::none(), &[input, stop.gradient])?;
        places[input.index()] = Some(place);
        inputs.push(place);
    }
    let mut needed = BTreeSet::from([*output]);
    let mut stack = vec![*output];
    while let Some(id) = stack.pop() {
        if places[id.index()].is_none() {
            stack.extend(graph.node(id).inputs.iter().copied().filter(|&input| needed.insert(input)));
        }
    }
    let mut copies = Vec::new();
    for id in needed {
        if places[id.index()].is_none() {
            let node = graph.node(id).clone();
            // An input stands before its use and was placed before; what has no place is missing from the boundary.
            let missing = node.inputs.iter().any(|input| places[input.index()].is_none());
            if missing || matches!(node.operation, Operation::Input(_)) {
                return Err(Error::new(ErrorKind::Internal, format!("node %{} lies outside of the checkpoint", id.0)));
            }
            let copy = graph.copy(&node, |input| places[input.index()].unwrap_or(input));
            places[id.index()] = Some(copy);
            copies.push((id, copy));
        }
    }
    let output =
        places[output.index()].ok_or_else(|| Error::new(ErrorKind::Internal, "a checkpoint without output"))?;
    Ok(Again { start, inputs, output, copies })
}

/// Marks the output of a segment: `y` of `(y, inputs...)`.
///
/// Gradient: that of the segment, computed once more from its inputs; the tape does it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Checkpoint;

/// The operation.
pub(crate) static CHECKPOINT: Checkpoint = Checkpoint;

impl Primitive for Checkpoint {
    fn name(&self) -> &'static str {
        "checkpoint"
    }

    fn kind(&self) -> Kind {
        Kind::View
    }

    fn infer(&self, _: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        inputs.first().copied().ok_or_else(|| Error::new(ErrorKind::Internal, "a checkpoint of nothing"))
    }

    fn define(&self, _: &Attributes, inputs: &[Value]) -> Result<Value> {
        inputs.first().cloned().ok_or_else(|| Error::new(ErrorKind::Internal, "a checkpoint of nothing"))
    }

    fn gradient(&self, _: &mut Graph, _: NodeId, _: NodeId) -> Result<Gradients> {
        Err(Error::new(ErrorKind::Gradient, "recomputes a segment, which a GradientTape alone can do"))
    }

    fn view(&self, _: &Attributes, input: &Layout) -> Option<Layout> {
        Some(*input)
    }

    fn probe(&self) -> Probe {
        Probe::default()
    }
}

/// `x` of `(x, after)`: the same value in the same memory, but never taken for the same expression as `x`, and read only once
/// `after` is computed.
///
/// Gradient: `g` to `x`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Barrier;

/// The operation.
pub(crate) static BARRIER: Barrier = Barrier;

impl Primitive for Barrier {
    fn name(&self) -> &'static str {
        "barrier"
    }

    fn kind(&self) -> Kind {
        Kind::Barrier
    }

    fn infer(&self, _: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        inputs.first().copied().ok_or_else(|| Error::new(ErrorKind::Internal, "a barrier before nothing"))
    }

    fn define(&self, _: &Attributes, inputs: &[Value]) -> Result<Value> {
        inputs.first().cloned().ok_or_else(|| Error::new(ErrorKind::Internal, "a barrier before nothing"))
    }

    fn gradient(&self, _: &mut Graph, _: NodeId, gradient: NodeId) -> Result<Gradients> {
        Ok(smallvec![Some(gradient), None])
    }

    fn view(&self, _: &Attributes, input: &Layout) -> Option<Layout> {
        Some(*input)
    }

    fn probe(&self) -> Probe {
        Probe::default()
    }
}
