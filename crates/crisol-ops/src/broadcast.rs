//! Repetition along axes by NumPy's rule.

use crate::composite::sum_to_shape;
use crate::definition::rearrange;
use crate::{probe, rule};
use crisol_ir::primitive::Gradients;
use crisol_ir::shape::MAX_RANK;
use crisol_ir::{
    Attributes, DType, Error, ErrorKind, Graph, Kind, Layout, NodeId, Primitive, Probe, Result, Shape, TensorType,
    Value,
};
use ndarray::IxDyn;
use smallvec::smallvec;

/// The input repeated to a larger shape: axes are aligned at the last one, and sizes of 1 repeat. No data moves.
///
/// Settings: the sizes of the new shape. Gradient: `g` summed over what was repeated.
#[derive(Clone, Copy, Debug)]
pub struct Broadcast;

/// The operation.
pub static BROADCAST: Broadcast = Broadcast;

/// `x` repeated to `shape`; `x` itself if it has that shape.
///
/// # Errors
/// A size of `x` that is neither 1 nor the one wanted.
pub fn broadcast(graph: &mut Graph, x: NodeId, shape: Shape) -> Result<NodeId> {
    if graph.ty(x).shape == shape {
        return Ok(x);
    }
    graph.apply(&BROADCAST, Attributes::sizes(&shape), &[x])
}

/// A map of two inputs, brought to one shape first.
pub(crate) fn binary(graph: &mut Graph, primitive: &'static dyn Primitive, a: NodeId, b: NodeId) -> Result<NodeId> {
    // Of nodes of one shape, recorded before: the usual case by far.
    if let Some(node) = graph.repeat(primitive, &Attributes::none(), &[a, b]) {
        return Ok(node);
    }
    let (lhs, rhs) = (graph.ty(a), graph.ty(b));
    if lhs == rhs {
        return graph.apply(primitive, Attributes::none(), &[a, b]);
    }
    let shape = rule::same_dtype(lhs, rhs)
        .and_then(|()| lhs.shape.broadcast(&rhs.shape))
        .map_err(|error| error.operation(primitive.name()))?;
    let a = broadcast(graph, a, shape)?;
    let b = broadcast(graph, b, shape)?;
    graph.apply(primitive, Attributes::none(), &[a, b])
}

impl Primitive for Broadcast {
    fn name(&self) -> &'static str {
        "broadcast"
    }

    fn kind(&self) -> Kind {
        Kind::View
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        let [x] = rule::inputs(inputs)?;
        let shape = rule::shape(attributes.numbers())?;
        let fits = x.shape.broadcast(&shape).is_ok_and(|common| common == shape);
        if !fits {
            return Err(Error::new(
                ErrorKind::Shape,
                format!(
                    "{} does not broadcast to {shape}: sizes must be equal or 1, counted from the last axis",
                    x.shape
                ),
            ));
        }
        Ok(TensorType::new(x.dtype, shape))
    }

    fn define(&self, attributes: &Attributes, inputs: &[Value]) -> Result<Value> {
        let [x] = rule::operands(inputs)?;
        let shape = rule::shape(attributes.numbers())?;
        let sizes = IxDyn(&shape);
        let wrong = || Error::new(ErrorKind::Shape, format!("does not broadcast to {shape}"));
        rearrange(x, |places| Ok(places.broadcast(sizes).ok_or_else(wrong)?.to_owned()))
    }

    fn gradient(&self, graph: &mut Graph, node: NodeId, gradient: NodeId) -> Result<Gradients> {
        let shape = graph.ty(graph.node(node).inputs[0]).shape;
        Ok(smallvec![Some(sum_to_shape(graph, gradient, shape)?)])
    }

    fn view(&self, attributes: &Attributes, input: &Layout) -> Option<Layout> {
        let shape = rule::shape(attributes.numbers()).ok()?;
        let added = shape.rank().checked_sub(input.shape.rank())?;
        let mut strides = [0; MAX_RANK];
        for axis in 0..input.shape.rank() {
            if input.shape[axis] == shape[axis + added] {
                strides[axis + added] = input.strides[axis];
            }
        }
        Some(Layout { shape, strides, offset: input.offset })
    }

    fn probe(&self) -> Probe {
        let pairs: [(&[usize], &[usize]); 7] = [
            (&[], &[2, 3]),
            (&[3], &[2, 3]),
            (&[2, 1], &[2, 3]),
            (&[1, 3, 1], &[4, 2, 3, 2]),
            (&[2, 3], &[2, 3]),
            (&[0, 1], &[0, 3]),
            (&[], &[]),
        ];
        let mut cases = Vec::new();
        for dtype in DType::ALL {
            for (from, to) in pairs {
                cases.push((Attributes::sizes(to), vec![probe::ty(dtype, from)]));
            }
        }
        Probe { cases, ..Probe::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{add, multiply};

    /// A program of binary maps, with and without shapes to bring together; `changed` applies another operation in its middle.
    fn program(graph: &mut Graph, changed: bool) -> Vec<NodeId> {
        let ty = |sizes: &[usize]| TensorType::new(DType::F32, Shape::new(sizes).unwrap());
        let (matrix, row) = (graph.input(ty(&[2, 3])), graph.input(ty(&[3])));
        let sum = add(graph, matrix, row).unwrap();
        let middle = if changed { multiply(graph, sum, sum) } else { add(graph, sum, sum) }.unwrap();
        let last = multiply(graph, middle, row).unwrap();
        assert!(add(graph, last, last).is_ok());
        let other = graph.input(ty(&[2]));
        assert!(add(graph, last, other).is_err());
        vec![sum, middle, last]
    }

    #[test]
    fn what_is_recorded_again_is_what_was_recorded() {
        let mut graph = Graph::new();
        for changed in [false, false, true, true, false] {
            graph.rewind();
            let mut plain = Graph::new();
            assert_eq!(program(&mut graph, changed), program(&mut plain, changed));
            assert_eq!(graph, plain);
            graph.verify().unwrap();
        }
    }
}
