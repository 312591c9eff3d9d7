//! Gradients over this thread's recording: reverse accumulation that leaves the graph where a gradient is a function of tensors.

use crate::backward::{Question, Stop, Walk};
use crate::checkpoint::{self, CHECKPOINT};
use crate::custom_gradient::CUSTOM_GRADIENT;
use crate::{note, registry};
use crisol_ir::primitive::Library;
use crisol_ir::{Error, ErrorKind, Graph, Kind, NodeId, Operation, Primitive, Result};
use crisol_tensor::{Tensor, record_many, stretch};

/// What a node needs that the graph cannot tell by itself.
enum Foreign {
    CustomGradient,
    CustomOp(&'static dyn registry::Entry),
    Checkpoint,
}

/// Appends the gradients that a question asks for; `recorded` tells the nodes that are not constants, and `limits` stand for it:
/// nothing else may decide.
pub(crate) fn differentiate(
    question: &Question<'_>,
    recorded: &dyn Fn(NodeId) -> bool,
    limits: &[u32],
) -> Result<Vec<Option<NodeId>>> {
    // All on the graph, unless there is something foreign; then the walk has been interrupted there.
    let mut interrupted = None;
    let found = stretch(&key(question, limits), |graph| {
        let mut walk = Walk::new(graph, question, recorded)?;
        let stop = walk.advance(graph, |primitive| foreign(primitive).is_some())?;
        let found = walk.gradients(question.sources);
        let is_over = stop.is_none();
        interrupted = stop.map(|stop| (walk, stop));
        Ok((found, is_over))
    })?;
    let Some((mut walk, stop)) = interrupted else { return Ok(found) };
    let mut next = Some(stop);
    while let Some(stop) = next {
        let (primitive, inputs) = in_graph(|graph| {
            let node = graph.node(stop.node);
            match &node.operation {
                Operation::Primitive(primitive, _) => Ok((*primitive, node.inputs.to_vec())),
                other => Err(Error::new(ErrorKind::Internal, format!("{other:?} has a gradient"))),
            }
        })?;
        let parts = match foreign(primitive) {
            Some(Foreign::CustomGradient) => custom_gradient(&walk, question, stop, &inputs),
            Some(Foreign::CustomOp(entry)) => custom_op(entry, stop, &inputs),
            Some(Foreign::Checkpoint) => recompute(&walk, stop, &inputs),
            None => Err(Error::new(ErrorKind::Internal, "a walk stopped at an operation of the graph")),
        };
        let parts = parts.map_err(|error| error.operation(format!("the gradient of {}", primitive.name())))?;
        next = in_graph(|graph| {
            walk.contribute(graph, stop.node, parts)?;
            walk.advance(graph, |primitive| foreign(primitive).is_some())
        })?;
    }
    Ok(walk.gradients(question.sources))
}

/// The question in numbers, lists behind their lengths.
fn key(question: &Question<'_>, limits: &[u32]) -> Vec<u32> {
    let Question { target, seed, sources, watched } = *question;
    let mut key = vec![target.0, seed.map_or(u32::MAX, |seed| seed.0), sources.len() as u32];
    key.extend(sources.iter().map(|source| source.0));
    // One more than there are, as none watched is not the same as all.
    key.push(watched.map_or(0, |watched| watched.len() as u32 + 1));
    key.extend(watched.unwrap_or_default().iter().map(|node| node.0));
    key.extend_from_slice(limits);
    key
}

/// Whether the gradient of a primitive is made here.
fn foreign(primitive: &'static dyn Primitive) -> Option<Foreign> {
    match primitive.kind() {
        Kind::Library(Library::Custom) => registry::find(primitive.name()).map(Foreign::CustomOp),
        Kind::View if primitive.name() == CUSTOM_GRADIENT.name() => Some(Foreign::CustomGradient),
        Kind::View if primitive.name() == CHECKPOINT.name() => Some(Foreign::Checkpoint),
        _ => None,
    }
}

/// The contributions of a function with a gradient of its own: its inputs are its output and then what it was called with.
fn custom_gradient(walk: &Walk, question: &Question<'_>, stop: Stop, inputs: &[NodeId]) -> Result<Vec<Option<NodeId>>> {
    let [output, arguments @ ..] = inputs else {
        return Err(Error::new(ErrorKind::Internal, "without an output"));
    };
    in_graph(|graph| bypass(graph, walk, question, *output, arguments))?;
    let gradient = note::find(stop.node)?;
    let tensors = tensors_of(&[arguments, &[stop.node, stop.gradient]].concat())?;
    let [arguments @ .., output, incoming] = tensors.as_slice() else {
        return Err(Error::new(ErrorKind::Internal, "without tensors"));
    };
    let parts = gradient(arguments, output, incoming)?;
    let mut nodes = vec![None];
    nodes.extend(checked(&parts, arguments)?);
    Ok(nodes)
}

/// The contributions of an operation from outside.
fn custom_op(entry: &'static dyn registry::Entry, stop: Stop, inputs: &[NodeId]) -> Result<Vec<Option<NodeId>>> {
    let tensors = tensors_of(&[inputs, &[stop.node, stop.gradient]].concat())?;
    let [inputs @ .., output, incoming] = tensors.as_slice() else {
        return Err(Error::new(ErrorKind::Internal, "without tensors"));
    };
    let parts = entry.gradient(inputs, output, incoming)?;
    checked(&parts, inputs)
}

/// The contributions of a segment that is computed again: the inputs are its output and then what it was computed from.
fn recompute(walk: &Walk, stop: Stop, inputs: &[NodeId]) -> Result<Vec<Option<NodeId>>> {
    let again = in_graph(|graph| checkpoint::again(graph, stop))?;
    for &(from, to) in &again.copies {
        note::copy(from, to);
    }
    // Numbers and what else nobody asks about are constants here as well.
    let asked: Vec<bool> = inputs.iter().skip(1).map(|&input| walk.depends(input)).collect();
    let sources = again.inputs.iter().zip(&asked).filter_map(|(&input, &asked)| asked.then_some(input));
    let sources: Vec<NodeId> = sources.collect();
    let question = Question { target: again.output, seed: Some(stop.gradient), sources: &sources, watched: None };
    let mut parts = differentiate(&question, &|id| id >= again.start, &[again.start.0])?.into_iter();
    let parts = asked.iter().map(|&asked| if asked { parts.next().flatten() } else { None });
    Ok(std::iter::once(None).chain(parts).collect())
}

/// The nodes of a user's gradients, one for each input and of its type.
fn checked(parts: &[Option<Tensor>], inputs: &[Tensor]) -> Result<Vec<Option<NodeId>>> {
    if parts.len() != inputs.len() {
        let text = format!("{} gradients were returned for {} inputs", parts.len(), inputs.len());
        return Err(Error::new(ErrorKind::Gradient, text).help("return None for an input without a gradient"));
    }
    for (number, (part, input)) in parts.iter().zip(inputs).enumerate() {
        let Some(part) = part else { continue };
        let (found, expected) = (part.ty()?, input.ty()?);
        if found != expected {
            let text = format!("the gradient of input {number} is {found}, expected the input's own type, {expected}");
            return Err(Error::new(ErrorKind::Gradient, text));
        }
    }
    let given: Vec<&Tensor> = parts.iter().flatten().collect();
    let mut nodes = nodes_of(&given)?.into_iter();
    Ok(parts.iter().map(|part| part.as_ref().and_then(|_| nodes.next())).collect())
}

/// Refuses a function that computes with a source which is no input of it: the gradient through it would be lost in silence.
fn bypass(graph: &Graph, walk: &Walk, question: &Question<'_>, output: NodeId, arguments: &[NodeId]) -> Result<()> {
    let mut seen = vec![false; output.index() + 1];
    let mut stack = vec![output];
    while let Some(id) = stack.pop() {
        if std::mem::replace(&mut seen[id.index()], true) || !walk.depends(id) || arguments.contains(&id) {
            continue;
        }
        if question.sources.contains(&id) {
            let text = format!("the function computes with a source ({}) that is no input of it", graph.ty(id));
            return Err(Error::new(ErrorKind::Gradient, text)
                .help("pass it as an input, or take its stop_gradient inside of the function"));
        }
        stack.extend(graph.node(id).inputs.iter().copied());
    }
    Ok(())
}

/// Runs `work` on this thread's graph.
pub(crate) fn in_graph<R>(work: impl FnOnce(&mut Graph) -> Result<R>) -> Result<R> {
    let mut result = None;
    record_many(&[], |graph, _| {
        result = Some(work(graph)?);
        Ok(Vec::new())
    })?;
    result.ok_or_else(|| Error::new(ErrorKind::Internal, "the graph was not visited"))
}

/// Handles of nodes.
pub(crate) fn tensors_of(nodes: &[NodeId]) -> Result<Vec<Tensor>> {
    let handles = record_many(&[], |_, _| Ok(nodes.iter().copied().map(Some).collect()))?;
    Ok(handles.into_iter().flatten().collect())
}

/// The nodes of tensors in this thread's recording.
pub(crate) fn nodes_of(tensors: &[&Tensor]) -> Result<Vec<NodeId>> {
    let mut found = Vec::new();
    record_many(tensors, |_, nodes| {
        found = nodes.to_vec();
        Ok(Vec::new())
    })?;
    Ok(found)
}
