//! Reverse accumulation over a graph: appends the gradients of a value to the graph that computes it.

use crisol_ir::value::Constant;
use crisol_ir::{Error, ErrorKind, Graph, NodeId, Operation, Result};

/// Appends the gradients of the sum of `target` with respect to each of `sources`; `None` where it does not depend on one.
///
/// Nodes before `start` count as constants, unless they are sources themselves: a tape sees only what was recorded since it
/// was made. Contributions are added in the order of the nodes, so the same program gives the same bits.
///
/// # Errors
/// `target` is not of a floating point type, or an operation between it and a source refuses to be differentiated.
pub fn append_gradients(
    graph: &mut Graph,
    target: NodeId,
    sources: &[NodeId],
    start: NodeId,
) -> Result<Vec<Option<NodeId>>> {
    let ty = graph.ty(target);
    if !ty.dtype.is_float() {
        return Err(Error::new(ErrorKind::Gradient, format!("only floating point values have gradients, found {ty}")));
    }
    let depends = depends_on(graph, target, sources, start);
    let mut gradients: Vec<Option<NodeId>> = vec![None; target.index() + 1];
    let one = graph.constant(Constant::new(ty.dtype, 1.0));
    gradients[target.index()] = Some(crisol_ops::broadcast(graph, one, ty.shape)?);

    for index in (0..=target.index()).rev() {
        let (Some(gradient), true) = (gradients[index], depends[index]) else { continue };
        let id = NodeId(index as u32);
        let node = graph.node(id);
        let Operation::Primitive(primitive, _) = node.operation else { continue };
        let inputs = node.inputs.clone();
        if !inputs.iter().any(|input| depends[input.index()]) {
            continue;
        }
        let parts = primitive
            .gradient(graph, id, gradient)
            .map_err(|error| error.operation(format!("the gradient of {}", primitive.name())))?;
        for (input, part) in inputs.iter().zip(parts) {
            let Some(part) = part.filter(|_| depends[input.index()]) else { continue };
            debug_assert_eq!(graph.ty(part), graph.ty(*input), "gradient of {}", primitive.name());
            let slot = &mut gradients[input.index()];
            *slot = Some(match *slot {
                Some(sum) => crisol_ops::add(graph, sum, part)?,
                None => part,
            });
        }
    }
    Ok(sources
        .iter()
        .map(|source| gradients.get(source.index()).copied().flatten().filter(|_| depends[source.index()]))
        .collect())
}

/// For each node up to `target` whether it depends on a source through differentiable values.
fn depends_on(graph: &Graph, target: NodeId, sources: &[NodeId], start: NodeId) -> Vec<bool> {
    let mut depends = vec![false; target.index() + 1];
    for source in sources {
        if let Some(flag) = depends.get_mut(source.index()) {
            *flag = true;
        }
    }
    for id in graph.ids().take(target.index() + 1) {
        if id >= start && graph.ty(id).dtype.is_float() {
            let through = graph.node(id).inputs.iter().any(|input| depends[input.index()]);
            depends[id.index()] |= through;
        }
    }
    depends
}
