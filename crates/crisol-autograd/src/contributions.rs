//! What several readers contribute to the gradient of a value, and their sum.
//!
//! Readers of parts (the gates of a recurrent layer, the steps of a sequence, the heads of an attention) contribute zeros but for
//! their part. Parts that lie one after the other along an axis are put together by one copy; added one by one, each would
//! be a pass over the whole value.

use crisol_ir::value::Constant;
use crisol_ir::{DType, Graph, NodeId, Operation, Result, Shape};
use crisol_ops::PadAttributes;
use smallvec::SmallVec;

/// The contributions to the gradient of one value, in the order in which they came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Contributions {
    all: SmallVec<[NodeId; 1]>,
}

/// A part along an axis.
struct Part {
    axis: usize,
    start: usize,
    size: usize,
    value: NodeId,
}

impl Contributions {
    pub(crate) fn push(&mut self, contribution: NodeId) {
        self.all.push(contribution);
    }

    /// Their sum after [`Contributions::sum`].
    pub(crate) fn settled(&self) -> Option<NodeId> {
        self.all.first().copied()
    }

    /// Their sum, from now on the only one; `None` of none.
    pub(crate) fn sum(&mut self, graph: &mut Graph) -> Result<Option<NodeId>> {
        if self.all.len() > 1 {
            assemble(graph, &mut self.all)?;
            let (first, rest) = (self.all[0], &self.all[1..]);
            let sum = rest.iter().try_fold(first, |sum, &part| total(graph, sum, part))?;
            self.all = SmallVec::from_slice(&[sum]);
        }
        Ok(self.all.first().copied())
    }
}

/// Replaces the parts among some contributions, if they are at least two, along one axis and apart, by all of them at once.
fn assemble(graph: &mut Graph, all: &mut SmallVec<[NodeId; 1]>) -> Result<()> {
    let mut parts: Vec<Part> = all.iter().filter_map(|&id| part(graph, id)).collect();
    let Some(axis) = parts.first().map(|part| part.axis) else { return Ok(()) };
    parts.sort_by_key(|part| part.start);
    let apart = parts.windows(2).all(|pair| pair[0].start + pair[0].size <= pair[1].start);
    if parts.len() < 2 || !apart || parts.iter().any(|part| part.axis != axis) {
        return Ok(());
    }
    let first = all.iter().position(|&id| part(graph, id).is_some()).unwrap_or(0);
    let whole = graph.ty(all[first]);
    let mut pieces = Vec::with_capacity(2 * parts.len() + 1);
    let mut end = 0;
    let gap = |graph: &mut Graph, from: usize, to: usize| {
        let mut sizes: SmallVec<[usize; 8]> = whole.shape.sizes().into();
        sizes[axis] = to - from;
        let zero = graph.constant(Constant::new(whole.dtype, 0.0));
        crisol_ops::broadcast(graph, zero, Shape::new(&sizes)?)
    };
    for part in &parts {
        if part.start > end {
            pieces.push(gap(graph, end, part.start)?);
        }
        pieces.push(part.value);
        end = part.start + part.size;
    }
    if end < whole.shape[axis] {
        pieces.push(gap(graph, end, whole.shape[axis])?);
    }
    let together = crisol_ops::concatenate(graph, &pieces, axis as isize)?;
    let mut place = 0;
    all.retain(|id| {
        place += 1;
        place == first + 1 || part(graph, *id).is_none()
    });
    all[first] = together;
    Ok(())
}

/// What a contribution is a part of, if it is one along a single axis.
fn part(graph: &Graph, id: NodeId) -> Option<Part> {
    let node = graph.node(id);
    let Operation::Primitive(primitive, attributes) = &node.operation else { return None };
    if primitive.name() != "pad" {
        return None;
    }
    let PadAttributes { low, high } = PadAttributes::decode(attributes).ok()?;
    let mut padded = (0..low.len()).filter(|&axis| low[axis] + high[axis] > 0);
    let (axis, others) = (padded.next()?, padded.next());
    let value = node.inputs[0];
    others.is_none().then(|| Part { axis, start: low[axis], size: graph.ty(value).shape[axis], value })
}

/// The sum of two contributions; halves, which have no arithmetic, are added in single precision.
fn total(graph: &mut Graph, a: NodeId, b: NodeId) -> Result<NodeId> {
    let dtype = graph.ty(a).dtype;
    if !dtype.is_half() {
        return crisol_ops::add(graph, a, b);
    }
    let a = crisol_ops::cast(graph, a, DType::F32)?;
    let b = crisol_ops::cast(graph, b, DType::F32)?;
    let sum = crisol_ops::add(graph, a, b)?;
    crisol_ops::cast(graph, sum, dtype)
}
