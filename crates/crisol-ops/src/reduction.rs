//! What reductions share: the rule for their axes, and folding an array over some of them.

use crate::composite::{restore_axes, zeros_like};
use crate::definition::{Lines, lines};
use crate::rule::{self, Takes};
use crate::{cast, divide, equal, multiply, probe, sum};
use crisol_ir::primitive::Gradients;
use crisol_ir::shape::MAX_RANK;
use crisol_ir::{Attributes, DType, Error, ErrorKind, Graph, NodeId, Primitive, Result, Shape, TensorType, elements};
use ndarray::ArrayD;
use smallvec::{SmallVec, smallvec};

/// Applies a reduction over axes in any order, counted from either end.
pub(crate) fn apply(graph: &mut Graph, primitive: &'static dyn Primitive, x: NodeId, axes: &[isize]) -> Result<NodeId> {
    let axes = sorted(graph.ty(x).shape, axes).map_err(|error| error.operation(primitive.name()))?;
    if axes.is_empty() {
        return Ok(x);
    }
    graph.apply(primitive, Attributes::sizes(&axes), &[x])
}

/// Axes in any order, counted from either end, as the settings of a reduction state them.
pub(crate) fn sorted(shape: Shape, axes: &[isize]) -> Result<SmallVec<[usize; 8]>> {
    let mut sorted = SmallVec::new();
    for &axis in axes {
        let found = shape.axis(axis)?;
        if sorted.contains(&found) {
            let text = format!("axes {axes:?} of {shape}: axis {found} is named twice");
            return Err(Error::new(ErrorKind::Axis, text));
        }
        sorted.push(found);
    }
    sorted.sort_unstable();
    Ok(sorted)
}

/// The axes in the settings: at least one, in order, each once.
pub(crate) fn axes(attributes: &Attributes, shape: Shape) -> Result<SmallVec<[usize; 8]>> {
    let given = attributes.numbers();
    let rank = shape.rank().min(MAX_RANK) as i64;
    let ordered = given.windows(2).all(|pair| pair[0] < pair[1]);
    let inside = given.iter().all(|axis| (0..rank).contains(axis));
    if given.is_empty() || !ordered || !inside {
        let text = format!("axes {given:?} of {shape}: expected at least one axis, in order, each once");
        return Err(Error::new(ErrorKind::Axis, text));
    }
    Ok(attributes.to_sizes())
}

/// The rule of reductions: the axes vanish from the shape.
pub(crate) fn infer(attributes: &Attributes, inputs: &[TensorType], takes: Takes) -> Result<TensorType> {
    let [x] = rule::inputs(inputs)?;
    takes.check(x)?;
    let axes = axes(attributes, x.shape)?;
    Ok(TensorType::new(x.dtype, x.shape.without(&axes)))
}

/// The rule of reductions to an element that there must be: `what` is which.
pub(crate) fn infer_extreme(attributes: &Attributes, inputs: &[TensorType], what: &str) -> Result<TensorType> {
    let ty = infer(attributes, inputs, Takes::Ordered)?;
    let [x] = rule::inputs(inputs)?;
    if let Some(axis) = attributes.to_sizes().into_iter().find(|&axis| x.shape[axis] == 0) {
        let text = format!("axis {axis} of {} is empty and has no {what} element", x.shape);
        return Err(Error::new(ErrorKind::Shape, text));
    }
    Ok(ty)
}

/// The gradient of a reduction to one of the elements: to that element, in equal shares to several, as Keras on JAX.
pub(crate) fn extreme_gradient(graph: &mut Graph, node: NodeId, gradient: NodeId) -> Result<Gradients> {
    let x = graph.node(node).inputs[0];
    let ty = graph.ty(x);
    let axes = rule::attributes(graph, node)?.to_sizes();
    if ty.shape.elements() == 0 {
        return Ok(smallvec![Some(zeros_like(graph, x)?)]);
    }
    let extreme = restore_axes(graph, node, ty.shape, &axes)?;
    let chosen = equal(graph, x, extreme)?;
    let chosen = cast(graph, chosen, ty.dtype)?;
    let signed: SmallVec<[isize; 8]> = axes.iter().map(|&axis| axis as isize).collect();
    let count = sum(graph, chosen, &signed)?;
    let share = divide(graph, gradient, count)?;
    let share = restore_axes(graph, share, ty.shape, &axes)?;
    Ok(smallvec![Some(multiply(graph, share, chosen)?)])
}

/// Elements combined along axes, which vanish.
pub(crate) fn fold<T: Copy>(x: &ArrayD<T>, axes: &[usize], start: T, combine: &dyn Fn(T, T) -> T) -> ArrayD<T> {
    let Lines { places, length, kept } = lines(x.shape(), axes);
    let x = elements::list(x);
    let line = |number: usize| &places[number * length..(number + 1) * length];
    let folded = |number| line(number).iter().fold(start, |so_far, &place| combine(so_far, x[place]));
    elements::array(&kept, (0..kept.iter().product()).map(folded).collect())
}

/// Settings and inputs that every reduction is probed with.
pub(crate) fn cases(dtypes: &[DType]) -> Vec<(Attributes, Vec<TensorType>)> {
    let shapes: [(&[usize], &[usize]); 8] = [
        (&[0], &[7]),
        (&[1], &[3, 5]),
        (&[0], &[3, 5]),
        (&[0, 1], &[3, 5]),
        (&[0, 2], &[2, 3, 4]),
        (&[1, 2], &[2, 3, 4, 2]),
        (&[1], &[0, 3]),
        (&[0], &[1, 4]),
    ];
    let case = |&dtype| shapes.map(|(axes, sizes)| (Attributes::sizes(axes), vec![probe::ty(dtype, sizes)]));
    dtypes.iter().flat_map(case).collect()
}
