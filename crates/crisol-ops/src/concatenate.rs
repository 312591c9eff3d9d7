//! Tensors one after the other along an axis.

use crate::definition::{pick, places};
use crate::{probe, rule, slice};
use crisol_ir::primitive::{Gradients, Library};
use crisol_ir::{
    Attributes, DType, Error, ErrorKind, Graph, Kind, NodeId, Primitive, Probe, Result, Shape, TensorType, Value,
};
use ndarray::{Axis, Slice};
use smallvec::{SmallVec, smallvec};

/// The inputs one after the other along an axis. One pass of copies.
///
/// Settings: the axis, and how many inputs there are. Gradient: to each input the part of `g` where it stands.
#[derive(Clone, Copy, Debug)]
pub struct Concatenate;

/// The operation.
pub static CONCATENATE: Concatenate = Concatenate;

/// `parts` one after the other along `axis`, which counts from the end if negative; the part itself if there is one.
///
/// # Errors
/// No parts, an axis that does not exist, types that differ, or sizes that differ along another axis.
pub fn concatenate(graph: &mut Graph, parts: &[NodeId], axis: isize) -> Result<NodeId> {
    let named = |error: Error| error.operation("concatenate");
    let first = parts.first().ok_or_else(|| named(none_given()))?;
    let axis = graph.ty(*first).shape.axis(axis).map_err(named)?;
    if parts.len() == 1 {
        return Ok(*first);
    }
    graph.apply(&CONCATENATE, Attributes::sizes(&[axis, parts.len()]), parts)
}

fn none_given() -> Error {
    Error::new(ErrorKind::Value, "expected at least 1 input, given 0")
}

/// The axis in the settings, after checking that there are as many inputs as they say.
fn axis(attributes: &Attributes, inputs: usize) -> Result<usize> {
    let [axis, count] = rule::settings(attributes)?;
    let count = rule::positive("the number of inputs", count)?;
    if count != inputs {
        let noun = if count == 1 { "input" } else { "inputs" };
        return Err(Error::new(ErrorKind::Value, format!("expected {count} {noun}, given {inputs}")));
    }
    rule::size("axis", axis)
}

impl Primitive for Concatenate {
    fn name(&self) -> &'static str {
        "concatenate"
    }

    fn kind(&self) -> Kind {
        Kind::Library(Library::Concatenate)
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        let axis = axis(attributes, inputs.len())?;
        let first = *inputs.first().ok_or_else(none_given)?;
        first.shape.axis(isize::try_from(axis).unwrap_or(isize::MAX))?;
        let mut sizes: SmallVec<[usize; 8]> = first.shape.sizes().into();
        sizes[axis] = 0;
        for (number, input) in inputs.iter().enumerate() {
            rule::same_dtype(first, *input)?;
            let fits = |other: usize| other == axis || input.shape[other] == first.shape[other];
            if input.shape.rank() != first.shape.rank() || !(0..first.shape.rank()).all(fits) {
                let text = format!(
                    "input 0 {} and input {number} {} differ elsewhere than along axis {axis}",
                    first.shape, input.shape
                );
                return Err(Error::new(ErrorKind::Shape, text));
            }
            sizes[axis] = sizes[axis].checked_add(input.shape[axis]).ok_or_else(|| {
                Error::new(ErrorKind::Shape, format!("axis {axis} of the result is larger than memory can hold"))
            })?;
        }
        Ok(TensorType::new(first.dtype, Shape::new(&sizes)?))
    }

    fn define(&self, attributes: &Attributes, inputs: &[Value]) -> Result<Value> {
        let axis = axis(attributes, inputs.len())?;
        let shapes: Vec<Shape> = inputs.iter().map(Value::shape).collect::<Result<_>>()?;
        let mut sizes = shapes.first().ok_or_else(none_given)?.to_vec();
        sizes[axis] = shapes.iter().map(|shape| shape[axis]).sum();
        let mut joined = places(&sizes);
        let (mut start, mut before) = (0, 0);
        for shape in &shapes {
            let part = places(shape.sizes()) + before;
            let end = start + shape[axis];
            joined.slice_axis_mut(Axis(axis), Slice::from(start..end)).assign(&part);
            (start, before) = (end, before + part.len());
        }
        pick(&inputs.iter().collect::<Vec<_>>(), &joined)
    }

    fn gradient(&self, graph: &mut Graph, node: NodeId, gradient: NodeId) -> Result<Gradients> {
        let inputs = graph.node(node).inputs.clone();
        let axis = axis(&rule::attributes(graph, node)?, inputs.len())?;
        let mut start: SmallVec<[usize; 8]> = smallvec![0; graph.ty(node).shape.rank()];
        let step: SmallVec<[usize; 8]> = smallvec![1; start.len()];
        let mut gradients = Gradients::new();
        for input in inputs {
            let shape = graph.ty(input).shape;
            gradients.push(Some(slice(graph, gradient, &start, &shape, &step)?));
            start[axis] += shape[axis];
        }
        Ok(gradients)
    }

    fn probe(&self) -> Probe {
        let lists: [(usize, &[&[usize]]); 6] = [
            (0, &[&[2], &[3]]),
            (1, &[&[2, 3], &[2, 1], &[2, 4]]),
            (0, &[&[2, 3], &[1, 3]]),
            (1, &[&[2, 0, 3], &[2, 2, 3]]),
            (2, &[&[2, 3, 1], &[2, 3, 1], &[2, 3, 1], &[2, 3, 2], &[2, 3, 1]]),
            (0, &[&[0, 2], &[0, 2]]),
        ];
        let mut cases = Vec::new();
        for dtype in DType::ALL {
            for (axis, list) in lists {
                let types = list.iter().map(|sizes| probe::ty(dtype, sizes)).collect();
                cases.push((Attributes::sizes(&[axis, list.len()]), types));
            }
        }
        Probe { cases, ..Probe::default() }
    }
}
