//! Axes added, removed, exchanged, cut, joined and repeated: views, and [`concatenate`](crate::concatenate()) where
//! elements move.

use crate::{broadcast, concatenate, permute, reshape, slice};
use crisol_ir::{Error, ErrorKind, Graph, NodeId, Result, Shape};
use smallvec::{SmallVec, smallvec};

type Sizes = SmallVec<[usize; 8]>;

/// `x` with a new axis of size 1, which in the result is `axis` (negative: counted from the end of the result).
///
/// # Errors
/// An axis that the result does not have.
pub fn expand_dims(graph: &mut Graph, x: NodeId, axis: isize) -> Result<NodeId> {
    let shape = graph.ty(x).shape;
    let rank = shape.rank() as isize + 1;
    let at = if axis < 0 { axis + rank } else { axis };
    if !(0..rank).contains(&at) {
        let text = format!("axis {axis} cannot be added to {shape}: expected {} to {}", -rank, rank - 1);
        return Err(Error::new(ErrorKind::Axis, text).operation("expand_dims"));
    }
    let mut sizes: Sizes = shape.sizes().into();
    sizes.insert(at as usize, 1);
    let shape = Shape::new(&sizes).map_err(|error| error.operation("expand_dims"))?;
    reshape(graph, x, shape)
}

/// `x` without `axes`, which must have size 1; without every axis of size 1 if none are named.
///
/// # Errors
/// An axis that does not exist, is named twice or has another size.
pub fn squeeze(graph: &mut Graph, x: NodeId, axes: &[isize]) -> Result<NodeId> {
    let shape = graph.ty(x).shape;
    let named = |error: Error| error.operation("squeeze");
    let gone: Sizes = if axes.is_empty() {
        (0..shape.rank()).filter(|&axis| shape[axis] == 1).collect()
    } else {
        crate::reduction::sorted(shape, axes).map_err(named)?
    };
    if let Some(&axis) = gone.iter().find(|&&axis| shape[axis] != 1) {
        let text = format!("axis {axis} of {shape} has size {}, expected 1", shape[axis]);
        return Err(named(Error::new(ErrorKind::Axis, text)));
    }
    reshape(graph, x, shape.without(&gone))
}

/// `x` with two axes exchanged.
///
/// # Errors
/// An axis that does not exist.
pub fn swapaxes(graph: &mut Graph, x: NodeId, a: isize, b: isize) -> Result<NodeId> {
    let shape = graph.ty(x).shape;
    let named = |error: Error| error.operation("swapaxes");
    let (a, b) = (shape.axis(a).map_err(named)?, shape.axis(b).map_err(named)?);
    if a == b {
        return Ok(x);
    }
    let mut order: Sizes = (0..shape.rank()).collect();
    order.swap(a, b);
    permute(graph, x, &order)
}

/// `x` with `axis` moved to the place `to`, the others keeping their order.
///
/// # Errors
/// An axis that does not exist.
pub fn moveaxis(graph: &mut Graph, x: NodeId, axis: isize, to: isize) -> Result<NodeId> {
    let shape = graph.ty(x).shape;
    let named = |error: Error| error.operation("moveaxis");
    let (from, to) = (shape.axis(axis).map_err(named)?, shape.axis(to).map_err(named)?);
    if from == to {
        return Ok(x);
    }
    let mut order: Sizes = (0..shape.rank()).filter(|&other| other != from).collect();
    order.insert(to, from);
    permute(graph, x, &order)
}

/// The elements `start..end` along one axis.
///
/// # Errors
/// An axis that does not exist, or a range outside of it.
pub fn slice_axis(graph: &mut Graph, x: NodeId, axis: isize, start: usize, end: usize) -> Result<NodeId> {
    let shape = graph.ty(x).shape;
    let named = |error: Error| error.operation("slice_axis");
    let axis = shape.axis(axis).map_err(named)?;
    if start > end || end > shape[axis] {
        let text = format!("range {start}..{end} is outside of axis {axis} of {shape}");
        return Err(named(Error::new(ErrorKind::Value, text)));
    }
    let mut starts: Sizes = smallvec![0; shape.rank()];
    starts[axis] = start;
    let mut sizes: Sizes = shape.sizes().into();
    sizes[axis] = end - start;
    let steps: Sizes = smallvec![1; shape.rank()];
    slice(graph, x, &starts, &sizes, &steps)
}

/// Tensors of one shape along a new axis, which in the result is `axis`.
///
/// # Errors
/// No parts, shapes or types that differ, or an axis that the result does not have.
pub fn stack(graph: &mut Graph, parts: &[NodeId], axis: isize) -> Result<NodeId> {
    let named = |error: Error| error.operation("stack");
    let Some(&first) = parts.first() else {
        return Err(named(Error::new(ErrorKind::Value, "expected at least 1 input, given 0")));
    };
    let shape = graph.ty(first).shape;
    if let Some(other) = parts.iter().map(|&part| graph.ty(part).shape).find(|other| *other != shape) {
        return Err(named(Error::new(
            ErrorKind::Shape,
            format!("expected inputs of one shape, given {shape} and {other}"),
        )));
    }
    let columns: SmallVec<[NodeId; 8]> =
        parts.iter().map(|&part| expand_dims(graph, part, axis).map_err(named)).collect::<Result<_>>()?;
    let rank = shape.rank() as isize + 1;
    concatenate(graph, &columns, if axis < 0 { axis + rank } else { axis })
}

/// The parts of `x` between cuts: `x[..cuts[0]]`, `x[cuts[0]..cuts[1]]`, ..., one more than there are cuts.
///
/// # Errors
/// An axis that does not exist, or cuts that are not in order or beyond its end.
pub fn split_at(graph: &mut Graph, x: NodeId, cuts: &[usize], axis: isize) -> Result<Vec<NodeId>> {
    let shape = graph.ty(x).shape;
    let named = |error: Error| error.operation("split");
    let at = shape.axis(axis).map_err(named)?;
    let size = shape[at];
    if !cuts.is_sorted() || cuts.last().is_some_and(|&last| last > size) {
        let text = format!("cuts {cuts:?} of axis {at} of {shape}: expected rising numbers up to {size}");
        return Err(named(Error::new(ErrorKind::Value, text)));
    }
    let starts = std::iter::once(0).chain(cuts.iter().copied());
    let ends = cuts.iter().copied().chain(std::iter::once(size));
    starts.zip(ends).map(|(start, end)| slice_axis(graph, x, axis, start, end)).collect()
}

/// `x` cut into as many equal parts along an axis.
///
/// # Errors
/// An axis that does not exist, or one that does not divide into `parts`.
pub fn split(graph: &mut Graph, x: NodeId, parts: usize, axis: isize) -> Result<Vec<NodeId>> {
    let shape = graph.ty(x).shape;
    let named = |error: Error| error.operation("split");
    let at = shape.axis(axis).map_err(named)?;
    if parts == 0 || !shape[at].is_multiple_of(parts) {
        let text = format!("axis {at} of {shape} does not divide into {parts} equal parts");
        return Err(named(Error::new(ErrorKind::Value, text).help("name the cuts with split_at")));
    }
    let size = shape[at] / parts;
    let cuts: Vec<usize> = (1..parts).map(|part| part * size).collect();
    split_at(graph, x, &cuts, axis)
}

/// The parts of `x` along an axis, which vanishes.
///
/// # Errors
/// An axis that does not exist.
pub fn unstack(graph: &mut Graph, x: NodeId, axis: isize) -> Result<Vec<NodeId>> {
    let shape = graph.ty(x).shape;
    let at = shape.axis(axis).map_err(|error| error.operation("unstack"))?;
    let parts = split_at(graph, x, &(1..shape[at]).collect::<Vec<usize>>(), axis)?;
    parts.into_iter().take(shape[at]).map(|part| squeeze(graph, part, &[at as isize])).collect()
}

/// `x` turned along an axis: element `i` goes to `i + shift`, and what leaves one end comes in at the other.
///
/// # Errors
/// An axis that does not exist.
pub fn roll(graph: &mut Graph, x: NodeId, shift: isize, axis: isize) -> Result<NodeId> {
    let shape = graph.ty(x).shape;
    let at = shape.axis(axis).map_err(|error| error.operation("roll"))?;
    if shape[at] == 0 {
        return Ok(x);
    }
    let cut = (-shift).rem_euclid(shape[at] as isize) as usize;
    if cut == 0 {
        return Ok(x);
    }
    let head = slice_axis(graph, x, axis, 0, cut)?;
    let tail = slice_axis(graph, x, axis, cut, shape[at])?;
    concatenate(graph, &[tail, head], axis)
}

/// Each element `repeats` times after itself along an axis.
///
/// # Errors
/// An axis that does not exist, 8 axes already, or a result larger than memory.
pub fn repeat(graph: &mut Graph, x: NodeId, repeats: usize, axis: isize) -> Result<NodeId> {
    let axis = graph.ty(x).shape.axis(axis).map_err(|error| error.operation("repeat"))?;
    multiply_axis(graph, x, axis, axis + 1, repeats).map_err(|error| error.operation("repeat"))
}

/// `x` beside itself, `repeats[axis]` times along each axis; lists shorter than the shape are for its last axes.
///
/// # Errors
/// A longer list whose result would have more than 8 axes, or a result larger than memory.
pub fn tile(graph: &mut Graph, x: NodeId, repeats: &[usize]) -> Result<NodeId> {
    let shape = graph.ty(x).shape;
    let rank = shape.rank().max(repeats.len());
    let mut sizes: Sizes = smallvec![1; rank - shape.rank()];
    sizes.extend_from_slice(&shape);
    let mut tiled = reshape(graph, x, Shape::new(&sizes).map_err(|error| error.operation("tile"))?)?;
    for (number, &count) in repeats.iter().enumerate() {
        let axis = rank - repeats.len() + number;
        tiled = multiply_axis(graph, tiled, axis, axis, count).map_err(|error| error.operation("tile"))?;
    }
    Ok(tiled)
}

/// `x` repeated along a new axis at the place `new`, which is then merged into `axis`: before it, all of the axis
/// repeats, behind it, each element.
fn multiply_axis(graph: &mut Graph, x: NodeId, axis: usize, new: usize, count: usize) -> Result<NodeId> {
    if count == 1 {
        return Ok(x);
    }
    let shape = graph.ty(x).shape;
    // All axes before and all axes behind as one: four axes whatever the rank.
    let (before, after): (usize, usize) = (shape[..axis].iter().product(), shape[axis + 1..].iter().product());
    let (mut once, mut often) = ([before, shape[axis], 1, after], [before, shape[axis], count, after]);
    if new == axis {
        once.swap(1, 2);
        often.swap(1, 2);
    }
    let mut sizes: Sizes = shape.sizes().into();
    sizes[axis] = sizes[axis].checked_mul(count).ok_or_else(|| {
        Error::new(ErrorKind::Shape, format!("{shape} repeated {count} times is larger than memory can hold"))
    })?;
    let column = reshape(graph, x, Shape::new(&once)?)?;
    let repeated = broadcast(graph, column, Shape::new(&often)?)?;
    reshape(graph, repeated, Shape::new(&sizes)?)
}
