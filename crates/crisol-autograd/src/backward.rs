//! Reverse accumulation over a graph: appends the gradients of a value to the graph that computes it.

use crate::contributions::Contributions;
use crisol_ir::value::Constant;
use crisol_ir::{Error, ErrorKind, Graph, NodeId, Operation, Primitive, Result};

/// Appends the gradients of the sum of `target` with respect to each of `sources`; `None` where it does not depend on one.
///
/// Nodes before `start` count as constants, unless they are sources themselves: a tape sees only what was recorded since it
/// was made. Contributions are added in the order of the nodes, so the same program gives the same bits.
///
/// # Errors
/// `target` is not of a floating point type, or an operation between it and a source refuses to be differentiated. Operations
/// whose gradient is a function of tensors (custom gradients, custom operations, checkpoints) refuse here: ask a tape.
pub fn append_gradients(
    graph: &mut Graph,
    target: NodeId,
    sources: &[NodeId],
    start: NodeId,
) -> Result<Vec<Option<NodeId>>> {
    let question = Question { target, seed: None, sources, watched: None };
    let mut walk = Walk::new(graph, &question, &|id| id >= start)?;
    walk.advance(graph, |_| false)?;
    Ok(walk.gradients(sources))
}

/// What gradients are wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question<'a> {
    pub(crate) target: NodeId,
    /// The gradient of the result with respect to the target; ones if absent.
    pub(crate) seed: Option<NodeId>,
    pub(crate) sources: &'a [NodeId],
    /// If given, only these and what depends on them has gradients.
    pub(crate) watched: Option<&'a [NodeId]>,
}

/// A walk from a target back to its sources.
#[derive(Debug)]
pub(crate) struct Walk {
    /// The gradient with respect to each node up to the target, as far as it is known.
    gradients: Vec<Contributions>,
    /// Whether a node depends on a source through differentiable values.
    depends: Vec<bool>,
    /// Whether gradients flow through a node: a source that was made before the tape has one, and passes nothing on.
    recorded: Vec<bool>,
    /// Nodes from here on are done.
    end: usize,
}

/// A node at which a walk stops, because its gradient is a function of tensors.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stop {
    pub(crate) node: NodeId,
    /// The gradient with respect to it.
    pub(crate) gradient: NodeId,
}

impl Walk {
    /// Starts at the target; `recorded` tells the nodes that are not constants.
    pub(crate) fn new(graph: &mut Graph, question: &Question<'_>, recorded: &dyn Fn(NodeId) -> bool) -> Result<Walk> {
        let target = question.target;
        let ty = graph.ty(target);
        if !ty.dtype.is_float() {
            let text = format!("only floating point values have gradients, found {ty}");
            return Err(Error::new(ErrorKind::Gradient, text).help("cast it to float32 before"));
        }
        let depends = depends_on(graph, question, recorded);
        let seed = match question.seed {
            Some(seed) if graph.ty(seed) == ty => seed,
            Some(seed) => {
                let text = format!("the output gradient is {}, the target {ty}: expected the same", graph.ty(seed));
                return Err(Error::new(ErrorKind::Shape, text));
            }
            None => {
                let one = graph.constant(Constant::new(ty.dtype, 1.0));
                crisol_ops::broadcast(graph, one, ty.shape)?
            }
        };
        let mut gradients = vec![Contributions::default(); target.index() + 1];
        gradients[target.index()].push(seed);
        let recorded = graph.ids().take(target.index() + 1).map(recorded).collect();
        Ok(Walk { gradients, depends, recorded, end: target.index() + 1 })
    }

    /// Walks on until the next node that `stops` names, or to the end.
    pub(crate) fn advance(
        &mut self,
        graph: &mut Graph,
        stops: impl Fn(&'static dyn Primitive) -> bool,
    ) -> Result<Option<Stop>> {
        while self.end > 0 {
            self.end -= 1;
            let id = NodeId(self.end as u32);
            if !self.depends[id.index()] {
                continue;
            }
            // All that contribute come after the node.
            let sum = self.gradients[id.index()].sum(graph)?;
            let (Some(gradient), true) = (sum, self.recorded[id.index()]) else { continue };
            let node = graph.node(id);
            let Operation::Primitive(primitive, _) = node.operation else { continue };
            if !node.inputs.iter().any(|input| self.depends[input.index()]) {
                continue;
            }
            if stops(primitive) {
                return Ok(Some(Stop { node: id, gradient }));
            }
            let parts = primitive
                .gradient(graph, id, gradient)
                .map_err(|error| error.operation(format!("the gradient of {}", primitive.name())))?;
            self.contribute(graph, id, parts)?;
        }
        Ok(None)
    }

    /// Takes what a node contributes to the gradients with respect to its inputs.
    pub(crate) fn contribute(
        &mut self,
        graph: &mut Graph,
        node: NodeId,
        parts: impl IntoIterator<Item = Option<NodeId>>,
    ) -> Result<()> {
        let inputs = graph.node(node).inputs.clone();
        for (input, part) in inputs.into_iter().zip(parts) {
            let Some(part) = part.filter(|_| self.depends[input.index()]) else { continue };
            debug_assert_eq!(graph.ty(part), graph.ty(input), "gradient of {:?}", graph.node(node).operation);
            self.gradients[input.index()].push(part);
        }
        Ok(())
    }

    /// Whether a node depends on a source.
    pub(crate) fn depends(&self, id: NodeId) -> bool {
        self.depends.get(id.index()).copied().unwrap_or(false)
    }

    /// The gradients with respect to the sources, once the walk is at its end.
    pub(crate) fn gradients(&self, sources: &[NodeId]) -> Vec<Option<NodeId>> {
        let gradient = |source: &NodeId| {
            let known = self.gradients.get(source.index()).filter(|_| self.depends[source.index()]);
            known.and_then(Contributions::settled)
        };
        sources.iter().map(gradient).collect()
    }
}

/// For each node up to the target whether it depends on a source through differentiable values.
fn depends_on(graph: &Graph, question: &Question<'_>, recorded: &dyn Fn(NodeId) -> bool) -> Vec<bool> {
    let count = question.target.index() + 1;
    let spread = |from: &mut Vec<bool>| {
        for id in graph.ids().take(count) {
            if !from[id.index()] && graph.ty(id).dtype.is_float() && recorded(id) {
                from[id.index()] = graph.node(id).inputs.iter().any(|input| from[input.index()]);
            }
        }
    };
    let mark = |nodes: &[NodeId]| {
        let mut marked = vec![false; count];
        for node in nodes.iter().filter(|node| node.index() < count) {
            marked[node.index()] = true;
        }
        marked
    };
    let mut depends = mark(question.sources);
    if let Some(watched) = question.watched {
        let mut seen = mark(watched);
        spread(&mut seen);
        depends.iter_mut().zip(seen).for_each(|(depends, seen)| *depends &= seen);
    }
    spread(&mut depends);
    depends
}
