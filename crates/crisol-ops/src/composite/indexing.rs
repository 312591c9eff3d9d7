//! Choosing by index, and tensors made of places: counting, masks, diagonals.

use super::axes::{expand_dims, slice_axis};
use super::{scalar, scalar_like, zeros_like};
use crate::rule::{self, Takes};
use crate::{
    add, broadcast, cast, equal, gather, greater_equal, iota, less_equal, multiply, pad, permute, reshape, scatter_add,
    select, slice, subtract,
};
use crisol_ir::{DType, Error, ErrorKind, Graph, NodeId, Result, Shape};
use smallvec::SmallVec;

type Sizes = SmallVec<[usize; 8]>;

/// The elements (or rows, or slices) of `x` that `indices` name along `axis`, which the axes of `indices` replace: an
/// embedding lookup with `axis` 0. Negative indices count from the end.
///
/// # Errors
/// Indices that are no integers, an axis that does not exist, more than 8 axes in the result. An index out of range is
/// an error when the program runs.
pub fn take(graph: &mut Graph, x: NodeId, indices: NodeId, axis: isize) -> Result<NodeId> {
    let (shape, chosen) = (graph.ty(x).shape, graph.ty(indices).shape);
    let named = |error: Error| error.operation("take");
    let axis = shape.axis(axis).map_err(named)?;
    let sizes = [&shape[..axis], &chosen[..], &shape[axis + 1..]].concat();
    let result = Shape::new(&sizes).map_err(named)?;
    let (outer, inner) = (shape[..axis].iter().product(), shape[axis + 1..].iter().product());
    let x = reshape(graph, x, Shape::new(&[outer, shape[axis], inner])?)?;
    let indices = reshape(graph, indices, Shape::new(&[1, chosen.elements(), 1])?)?;
    let taken = gather(graph, x, indices).map_err(named)?;
    reshape(graph, taken, result)
}

/// `y[.., m, ..] = x[.., indices[.., m, ..], ..]` along `axis`: an index of its own for every element. The other axes
/// broadcast. Negative indices count from the end.
///
/// # Errors
/// Indices that are no integers, an axis that does not exist, ranks or sizes that do not fit. An index out of range is
/// an error when the program runs.
pub fn take_along_axis(graph: &mut Graph, x: NodeId, indices: NodeId, axis: isize) -> Result<NodeId> {
    let named = |error: Error| error.operation("take_along_axis");
    let (shape, chosen) = (graph.ty(x).shape, graph.ty(indices).shape);
    let axis = shape.axis(axis).map_err(named)?;
    if shape.rank() != chosen.rank() {
        let text = format!("x {shape} and indices {chosen} have different ranks");
        return Err(named(Error::new(ErrorKind::Shape, text).help("add axes of size 1 to one of them")));
    }
    let others = shape.with_ones(&[axis]).broadcast(&chosen.with_ones(&[axis])).map_err(named)?;
    let along = |size: usize| -> Result<Shape> {
        let mut sizes: Sizes = others.sizes().into();
        sizes[axis] = size;
        Shape::new(&sizes)
    };
    let x = broadcast(graph, x, along(shape[axis])?)?;
    let result = along(chosen[axis])?;
    let (outer, inner): (usize, usize) = (others[..axis].iter().product(), others[axis + 1..].iter().product());
    // Indices that are the same for all axes before, or behind, stay one.
    let (before, after): (usize, usize) = (chosen[..axis].iter().product(), chosen[axis + 1..].iter().product());
    let repeats = (before != 1 && before != outer) || (after != 1 && after != inner);
    let (indices, before, after) =
        if repeats { (broadcast(graph, indices, result)?, outer, inner) } else { (indices, before, after) };
    let x = reshape(graph, x, Shape::new(&[outer, shape[axis], inner])?)?;
    let indices = reshape(graph, indices, Shape::new(&[before, chosen[axis], after])?)?;
    let taken = gather(graph, x, indices).map_err(named)?;
    reshape(graph, taken, result)
}

/// For every number in `segments`, the sum of the rows of `x` that it stands beside: `y[s] = sum of x[i] where
/// segments[i] = s`, with `count` rows.
///
/// # Errors
/// Segments that are no vector of integers as long as `x`, or elements without arithmetic. A segment out of range is an
/// error when the program runs.
pub fn segment_sum(graph: &mut Graph, x: NodeId, segments: NodeId, count: usize) -> Result<NodeId> {
    let named = |error: Error| error.operation("segment_sum");
    let (shape, rows) = (graph.ty(x).shape, graph.ty(segments).shape);
    if shape.rank() == 0 || rows.rank() != 1 || rows[0] != shape[0] {
        let text = format!("x {shape} and segments {rows} given: expected one segment for every row");
        return Err(named(Error::new(ErrorKind::Shape, text)));
    }
    let inner = shape[1..].iter().product();
    let updates = reshape(graph, x, Shape::new(&[1, shape[0], inner])?)?;
    let indices = reshape(graph, segments, Shape::new(&[1, shape[0], 1])?)?;
    let sums = scatter_add(graph, indices, updates, count).map_err(named)?;
    let mut sizes: Sizes = shape.sizes().into();
    sizes[0] = count;
    reshape(graph, sums, Shape::new(&sizes).map_err(named)?)
}

/// A new last axis of `depth` places: 1 where the index says, 0 elsewhere, and everywhere for an index out of range.
///
/// # Errors
/// Indices that are no integers, or 8 axes already.
pub fn one_hot(graph: &mut Graph, indices: NodeId, depth: usize, dtype: DType) -> Result<NodeId> {
    let named = |error: Error| error.operation("one_hot");
    let given = graph.ty(indices);
    if !given.dtype.is_integer() {
        let text = format!("expected int32, int64 or uint8, given {given}");
        return Err(named(Error::new(ErrorKind::DType, text).help("cast first, for example with .cast(DType::I32)")));
    }
    let wide = if given.dtype == DType::I64 { DType::I64 } else { DType::I32 };
    let indices = cast(graph, indices, wide)?;
    let indices = expand_dims(graph, indices, -1).map_err(named)?;
    let places = iota(graph, wide, Shape::new(&[depth]).map_err(named)?)?;
    let hot = equal(graph, indices, places)?;
    cast(graph, hot, dtype)
}

/// `start`, `start + step`, ...: `count` numbers. `start` and `step` are scalars of one type with arithmetic.
///
/// # Errors
/// Other shapes or types.
pub fn arange(graph: &mut Graph, start: NodeId, step: NodeId, count: usize) -> Result<NodeId> {
    let named = |error: Error| error.operation("arange");
    let ty = graph.ty(start);
    Takes::Numbers.check(ty).map_err(named)?;
    rule::same_dtype(ty, graph.ty(step)).map_err(named)?;
    let wide = if ty.dtype == DType::I32 { DType::I32 } else { DType::I64 };
    let places = iota(graph, wide, Shape::new(&[count]).map_err(named)?)?;
    let places = cast(graph, places, ty.dtype)?;
    let steps = multiply(graph, places, step)?;
    add(graph, start, steps)
}

/// `count` numbers evenly from `start` to `stop`, which is the last one exactly: scalars of one floating point type.
///
/// # Errors
/// Other shapes or types.
pub fn linspace(graph: &mut Graph, start: NodeId, stop: NodeId, count: usize) -> Result<NodeId> {
    let named = |error: Error| error.operation("linspace");
    let ty = graph.ty(start);
    Takes::Floats.check(ty).map_err(named)?;
    let shape = Shape::new(&[count]).map_err(named)?;
    let distance = subtract(graph, stop, start).map_err(named)?;
    let steps = scalar_like(graph, start, count.saturating_sub(1).max(1) as f64);
    let step = crate::divide(graph, distance, steps)?;
    let numbers = arange(graph, start, step, count)?;
    if count < 2 {
        return Ok(numbers);
    }
    let places = iota(graph, DType::I64, shape)?;
    let last = scalar(graph, DType::I64, (count - 1) as f64);
    let is_last = equal(graph, places, last)?;
    select(graph, is_last, stop, numbers)
}

/// Row and column numbers of `[rows, columns]`, to be compared: a column with `offset` added, and a row.
fn places(graph: &mut Graph, rows: usize, columns: usize, offset: isize) -> Result<[NodeId; 2]> {
    let row = iota(graph, DType::I64, Shape::new(&[rows, 1])?)?;
    let offset = scalar(graph, DType::I64, offset as f64);
    let row = add(graph, row, offset)?;
    Ok([row, iota(graph, DType::I64, Shape::new(&[1, columns])?)?])
}

/// The sizes of the last two axes.
fn matrix(graph: &Graph, x: NodeId) -> Result<[usize; 2]> {
    match graph.ty(x).shape.sizes() {
        [.., rows, columns] => Ok([*rows, *columns]),
        other => Err(Error::new(ErrorKind::Shape, format!("{other:?} has no two axes, expected a matrix or several"))),
    }
}

/// The lower triangles of matrices: zeros above the diagonal `offset` places to the right of the main one.
///
/// # Errors
/// Fewer than two axes.
pub fn tril(graph: &mut Graph, x: NodeId, offset: isize) -> Result<NodeId> {
    let [rows, columns] = matrix(graph, x).map_err(|error| error.operation("tril"))?;
    let [row, column] = places(graph, rows, columns, offset)?;
    let keep = greater_equal(graph, row, column)?;
    let zero = zeros_like(graph, x)?;
    select(graph, keep, x, zero)
}

/// The upper triangles of matrices: zeros below the diagonal `offset` places to the right of the main one.
///
/// # Errors
/// Fewer than two axes.
pub fn triu(graph: &mut Graph, x: NodeId, offset: isize) -> Result<NodeId> {
    let [rows, columns] = matrix(graph, x).map_err(|error| error.operation("triu"))?;
    let [row, column] = places(graph, rows, columns, offset)?;
    let keep = less_equal(graph, row, column)?;
    let zero = zeros_like(graph, x)?;
    select(graph, keep, x, zero)
}

/// A matrix of zeros with ones on the diagonal `offset` places to the right of the main one.
///
/// # Errors
/// A matrix larger than memory.
pub fn eye(graph: &mut Graph, dtype: DType, rows: usize, columns: usize, offset: isize) -> Result<NodeId> {
    Shape::new(&[rows, columns]).map_err(|error| error.operation("eye"))?;
    let [row, column] = places(graph, rows, columns, offset)?;
    let on = equal(graph, row, column)?;
    cast(graph, on, dtype)
}

/// The elements on the diagonal `offset` places to the right of the main one of `axes`, which vanish; the diagonal is
/// the new last axis.
///
/// # Errors
/// Axes that do not exist or are the same.
pub fn diagonal(graph: &mut Graph, x: NodeId, offset: isize, axes: [isize; 2]) -> Result<NodeId> {
    let named = |error: Error| error.operation("diagonal");
    let shape = graph.ty(x).shape;
    let [a, b] = [shape.axis(axes[0]).map_err(named)?, shape.axis(axes[1]).map_err(named)?];
    if a == b {
        return Err(named(Error::new(ErrorKind::Axis, format!("axes {axes:?} of {shape} are the same"))));
    }
    let mut order: Sizes = (0..shape.rank()).filter(|axis| ![a, b].contains(axis)).collect();
    let leading: Sizes = order.iter().map(|&axis| shape[axis]).collect();
    order.extend([a, b]);
    let (rows, columns) = (shape[a], shape[b]);
    let (down, right) = (offset.min(0).unsigned_abs(), offset.max(0).unsigned_abs());
    let length = rows.saturating_sub(down).min(columns.saturating_sub(right));
    let count: usize = leading.iter().product();
    let x = permute(graph, x, &order)?;
    let flat = reshape(graph, x, Shape::new(&[count, rows * columns])?)?;
    let start = if length == 0 { 0 } else { down * columns + right };
    let taken = slice(graph, flat, &[0, start], &[count, length], &[1, columns + 1])?;
    reshape(graph, taken, Shape::new(&[&leading[..], &[length]].concat())?)
}

/// Matrices with the last axis of `x` on the diagonal `offset` places to the right of the main one, zeros elsewhere.
///
/// # Errors
/// A scalar, 8 axes already, or a result larger than memory.
pub fn diag(graph: &mut Graph, x: NodeId, offset: isize) -> Result<NodeId> {
    let named = |error: Error| error.operation("diag");
    let shape = graph.ty(x).shape;
    let Some(&length) = shape.last() else {
        return Err(named(Error::new(ErrorKind::Shape, "a scalar has no axis to be a diagonal")));
    };
    let size = length.saturating_add(offset.unsigned_abs());
    let sizes = [&shape[..], &[size]].concat();
    Shape::new(&sizes).map_err(named)?;
    // A column for every row: the elements stand in the rows below a diagonal that starts lower.
    let mut low: Sizes = shape.iter().map(|_| 0).collect();
    let mut high = low.clone();
    let last = shape.rank() - 1;
    (low[last], high[last]) = (offset.min(0).unsigned_abs(), offset.max(0).unsigned_abs());
    let column = pad(graph, x, &low, &high)?;
    let column = expand_dims(graph, column, -1).map_err(named)?;
    let [row_place, column_place] = places(graph, size, size, offset)?;
    let on = equal(graph, row_place, column_place)?;
    let zero = scalar_like(graph, x, 0.0);
    select(graph, on, column, zero)
}

/// The sum of the diagonal `offset` places to the right of the main one of `axes`, which vanish.
///
/// # Errors
/// As [`diagonal`], or elements without arithmetic.
pub fn trace(graph: &mut Graph, x: NodeId, offset: isize, axes: [isize; 2]) -> Result<NodeId> {
    let diagonal = diagonal(graph, x, offset, axes).map_err(|error| error.operation("trace"))?;
    crate::sum(graph, diagonal, &[-1])
}

/// The elements `start, start + step, ...` before `end` along one axis, by NumPy's rule: negative numbers count from
/// the end, ends outside of the axis are cut, a negative step walks backwards, `None` is the end that the step comes
/// from or goes to.
///
/// # Errors
/// An axis that does not exist, or a step of 0.
pub fn slice_by_steps(
    graph: &mut Graph,
    x: NodeId,
    axis: isize,
    start: Option<isize>,
    end: Option<isize>,
    step: isize,
) -> Result<NodeId> {
    let named = |error: Error| error.operation("slice_by_steps");
    let shape = graph.ty(x).shape;
    let at = shape.axis(axis).map_err(named)?;
    if step == 0 {
        return Err(named(Error::new(ErrorKind::Value, "step is 0, expected a number of elements to move by")));
    }
    let size = shape[at] as isize;
    // Where a walk may start and end: before the first element, and behind the last.
    let (low, high) = if step > 0 { (0, size) } else { (-1, size - 1) };
    let place = |number: isize| (if number < 0 { number.saturating_add(size) } else { number }).clamp(low, high);
    let start = start.map_or(if step > 0 { low } else { high }, place);
    let end = end.map_or(if step > 0 { high } else { low }, place);
    let length = if step > 0 { end - start } else { start - end }.max(0) as usize;
    let count = length.div_ceil(step.unsigned_abs());
    if count == 0 {
        return slice_axis(graph, x, axis, 0, 0);
    }
    let (x, start) = match step > 0 {
        true => (x, start as usize),
        false => (crate::flip(graph, x, &[at as isize])?, (size - 1 - start) as usize),
    };
    let mut starts: Sizes = shape.iter().map(|_| 0).collect();
    let mut sizes: Sizes = shape.sizes().into();
    let mut steps: Sizes = shape.iter().map(|_| 1).collect();
    // A step past the only element taken is a step of 1 as well, and cannot overflow.
    (starts[at], sizes[at], steps[at]) = (start, count, if count == 1 { 1 } else { step.unsigned_abs() });
    slice(graph, x, &starts, &sizes, &steps)
}
