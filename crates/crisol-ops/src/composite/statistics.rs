//! What reductions are made into: variance, norms, truth of many, places of extremes, products so far.

use super::axes::slice_axis;
use super::{mean, scalar_like, square, zeros_like};
use crate::reduction::sorted;
use crate::rule::Takes;
use crate::{
    absolute, add, broadcast, cast, concatenate, equal, exp, iota, less, log, logical_or, max, min, multiply,
    not_equal, reshape, select, sqrt, stop_gradient, subtract, sum,
};
use crisol_ir::{DType, Error, ErrorKind, Graph, NodeId, Result, Shape};
use smallvec::SmallVec;

/// `x` reduced over `axes`, which stay with size 1.
fn keep(
    graph: &mut Graph,
    x: NodeId,
    axes: &[isize],
    reduction: fn(&mut Graph, NodeId, &[isize]) -> Result<NodeId>,
) -> Result<NodeId> {
    let shape = graph.ty(x).shape;
    let sorted = sorted(shape, axes)?;
    let reduced = reduction(graph, x, axes)?;
    reshape(graph, reduced, shape.with_ones(&sorted))
}

/// The mean squared distance from the mean over `axes`, which vanish: two passes, so that a large mean costs no digits.
///
/// # Errors
/// The type is not a floating point one, or an axis does not exist or is named twice.
pub fn variance(graph: &mut Graph, x: NodeId, axes: &[isize]) -> Result<NodeId> {
    let named = |error: Error| error.operation("variance");
    Takes::Floats.check(graph.ty(x)).map_err(named)?;
    let middle = keep(graph, x, axes, mean).map_err(named)?;
    let distance = subtract(graph, x, middle)?;
    let squares = square(graph, distance)?;
    mean(graph, squares, axes)
}

/// `log(sum(e^x))` over `axes`, which vanish, without overflow; minus infinity over nothing or over minus infinities.
///
/// # Errors
/// The type is not a floating point one, or an axis does not exist, is named twice or is empty.
pub fn logsumexp(graph: &mut Graph, x: NodeId, axes: &[isize]) -> Result<NodeId> {
    let named = |error: Error| error.operation("logsumexp");
    Takes::Floats.check(graph.ty(x)).map_err(named)?;
    let largest = keep(graph, x, axes, max).map_err(named)?;
    let largest = stop_gradient(graph, largest)?;
    // Infinities are not subtracted from infinities.
    let size = absolute(graph, largest)?;
    let infinity = scalar_like(graph, x, f64::INFINITY);
    let finite = less(graph, size, infinity)?;
    let zero = zeros_like(graph, largest)?;
    let shift = select(graph, finite, largest, zero)?;
    let shifted = subtract(graph, x, shift)?;
    let powers = exp(graph, shifted)?;
    let total = sum(graph, powers, axes)?;
    let total = log(graph, total)?;
    let back = reshape(graph, shift, graph.ty(total).shape)?;
    add(graph, total, back)
}

/// The length of vectors along `axes`, which vanish: `order` 2 is the root of the sum of squares, 1 the sum of absolute
/// values, infinity the largest absolute value, minus infinity the smallest.
///
/// # Errors
/// Another order, a type that is not a floating point one, or an axis that does not exist or is named twice.
pub fn norm(graph: &mut Graph, x: NodeId, order: f64, axes: &[isize]) -> Result<NodeId> {
    let named = |error: Error| error.operation("norm");
    Takes::Floats.check(graph.ty(x)).map_err(named)?;
    if order == 2.0 {
        let squares = square(graph, x)?;
        let total = sum(graph, squares, axes).map_err(named)?;
        return sqrt(graph, total);
    }
    let sizes = absolute(graph, x)?;
    let norm = match order {
        1.0 => sum(graph, sizes, axes),
        f64::INFINITY => max(graph, sizes, axes),
        f64::NEG_INFINITY => min(graph, sizes, axes),
        _ => {
            let text = format!("order {order} is none of 1, 2, infinity and minus infinity");
            return Err(named(Error::new(ErrorKind::Value, text)));
        }
    };
    norm.map_err(|error| error.operation("norm"))
}

/// Whether any element over `axes` is true, or not zero; false over nothing.
///
/// # Errors
/// An axis that does not exist or is named twice.
pub fn reduce_any(graph: &mut Graph, x: NodeId, axes: &[isize]) -> Result<NodeId> {
    truth(graph, x, axes, "reduce_any", max)
}

/// Whether all elements over `axes` are true, or not zero; true over nothing.
///
/// # Errors
/// An axis that does not exist or is named twice.
pub fn reduce_all(graph: &mut Graph, x: NodeId, axes: &[isize]) -> Result<NodeId> {
    truth(graph, x, axes, "reduce_all", min)
}

fn truth(
    graph: &mut Graph,
    x: NodeId,
    axes: &[isize],
    name: &'static str,
    reduction: fn(&mut Graph, NodeId, &[isize]) -> Result<NodeId>,
) -> Result<NodeId> {
    let shape = graph.ty(x).shape;
    let sorted = sorted(shape, axes).map_err(|error| error.operation(name))?;
    let truths = cast(graph, x, DType::Bool)?;
    if sorted.iter().any(|&axis| shape[axis] == 0) {
        let over_nothing = super::scalar(graph, DType::Bool, f64::from(u8::from(name == "reduce_all")));
        return broadcast(graph, over_nothing, shape.without(&sorted));
    }
    let bytes = cast(graph, truths, DType::U8)?;
    let reduced = reduction(graph, bytes, axes)?;
    cast(graph, reduced, DType::Bool)
}

/// The place of the largest element along `axis`, which vanishes, as `int32`: the first of several, or the first NaN if
/// there is one.
///
/// # Errors
/// The type has no order, or the axis does not exist or is empty.
pub fn argmax(graph: &mut Graph, x: NodeId, axis: isize) -> Result<NodeId> {
    place(graph, x, axis, max).map_err(|error| error.operation("argmax"))
}

/// The place of the smallest element along `axis`, which vanishes, as `int32`: the first of several, or the first NaN
/// if there is one.
///
/// # Errors
/// The type has no order, or the axis does not exist or is empty.
pub fn argmin(graph: &mut Graph, x: NodeId, axis: isize) -> Result<NodeId> {
    place(graph, x, axis, min).map_err(|error| error.operation("argmin"))
}

/// The first place along an axis that has what a reduction finds.
fn place(
    graph: &mut Graph,
    x: NodeId,
    axis: isize,
    extreme: fn(&mut Graph, NodeId, &[isize]) -> Result<NodeId>,
) -> Result<NodeId> {
    let shape = graph.ty(x).shape;
    let at = shape.axis(axis)?;
    let found = keep(graph, x, &[axis], extreme)?;
    let mut hit = equal(graph, x, found)?;
    if graph.ty(x).dtype.is_float() {
        // Where there is a NaN, it is the result, and equal to nothing.
        let nan = not_equal(graph, x, x)?;
        hit = logical_or(graph, hit, nan)?;
    }
    let mut sizes: SmallVec<[usize; 8]> = shape.iter().map(|_| 1).collect();
    sizes[at] = shape[at];
    let places = iota(graph, DType::I32, Shape::new(&sizes)?)?;
    let beyond = super::scalar(graph, DType::I32, shape[at] as f64);
    let first = select(graph, hit, places, beyond)?;
    min(graph, first, &[axis])
}

/// Running products along `axis`. Computed in steps that double, which gives gradients that zeros do not spoil.
///
/// # Errors
/// The type has no arithmetic, or the axis does not exist.
pub fn cumprod(graph: &mut Graph, x: NodeId, axis: isize) -> Result<NodeId> {
    let named = |error: Error| error.operation("cumprod");
    let ty = graph.ty(x);
    Takes::Numbers.check(ty).map_err(named)?;
    let size = ty.shape[ty.shape.axis(axis).map_err(named)?];
    let mut products = x;
    let mut distance = 1;
    while distance < size {
        let head = slice_axis(graph, products, axis, 0, distance)?;
        let tail = slice_axis(graph, products, axis, distance, size)?;
        let before = slice_axis(graph, products, axis, 0, size - distance)?;
        let tail = multiply(graph, tail, before)?;
        products = concatenate(graph, &[head, tail], axis)?;
        distance *= 2;
    }
    Ok(products)
}

/// The elements in rising or falling order along `axis`; NaN counts as the largest. The gradient goes back to where
/// each came from.
///
/// # Errors
/// The type has no order, or the axis does not exist.
pub fn sort(graph: &mut Graph, x: NodeId, axis: isize, descending: bool) -> Result<NodeId> {
    let places = crate::argsort(graph, x, axis, descending, None).map_err(|error| error.operation("sort"))?;
    super::take_along_axis(graph, x, places, axis)
}

/// The `count` largest elements along the last axis, in falling order, and their places as `int32`; equal ones in their
/// order.
///
/// # Errors
/// The type has no order, a scalar, or fewer elements than `count`.
pub fn top_k(graph: &mut Graph, x: NodeId, count: usize) -> Result<[NodeId; 2]> {
    let places = crate::argsort(graph, x, -1, true, Some(count)).map_err(|error| error.operation("top_k"))?;
    Ok([super::take_along_axis(graph, x, places, -1)?, places])
}

/// How many elements over `axes` are not zero, as `int32`.
///
/// # Errors
/// An axis that does not exist or is named twice.
pub fn count_nonzero(graph: &mut Graph, x: NodeId, axes: &[isize]) -> Result<NodeId> {
    let truths = cast(graph, x, DType::Bool)?;
    let ones = cast(graph, truths, DType::I32)?;
    sum(graph, ones, axes).map_err(|error| error.operation("count_nonzero"))
}
