//! Short programs of several operations that gradients and upper crates share.
//!
//! | module | what lives there |
//! | --- | --- |
//! | `elementwise` | functions and tests of numbers that need no operation of their own |
//! | `axes` | axes added, removed, exchanged, cut, joined, repeated |
//! | `indexing` | choosing by index, counting, triangles, diagonals |
//! | `products`, `einsum` | products over any axes, made of matrix products |
//! | `windows`, `resize` | convolution and pooling along one axis, transposed; averages; images of another size |
//! | `statistics` | variance, norms, truth of many, places of extremes, running products, sorting |

mod axes;
mod einsum;
mod elementwise;
mod indexing;
mod products;
mod resize;
mod statistics;
mod windows;

pub use axes::{
    expand_dims, moveaxis, repeat, roll, slice_axis, split, split_at, squeeze, stack, swapaxes, tile, unstack,
};
pub use einsum::einsum;
pub use elementwise::{
    bitwise_not, cosh, is_finite, is_infinite, is_nan, logical_xor, reciprocal, rsqrt, sinh, tan, trunc,
};
pub use indexing::{
    arange, diag, diagonal, eye, linspace, one_hot, segment_sum, slice_by_steps, take, take_along_axis, trace, tril,
    triu,
};
pub(crate) use products::matmul_by_numpys_rule;
pub use products::{dot, outer, tensordot};
pub use resize::{Interpolation, resize};
pub use statistics::{
    argmax, argmin, count_nonzero, cumprod, logsumexp, norm, reduce_all, reduce_any, sort, top_k, variance,
};
pub use windows::{
    Padding, average_pool1d, average_pool2d, conv1d, conv1d_transpose, conv2d_transpose, max_pool1d, transposed_window,
};

use crate::rule::Takes;
use crate::{broadcast, divide, multiply, reduction, reshape, sum};
use crisol_ir::value::Constant;
use crisol_ir::{DType, Error, ErrorKind, Graph, NodeId, Result, Shape};
use smallvec::SmallVec;

/// A number that is part of the program, of rank 0.
pub fn scalar(graph: &mut Graph, dtype: DType, number: f64) -> NodeId {
    graph.constant(Constant::new(dtype, number))
}

/// A number that is part of the program, of rank 0 and the element type of `x`.
pub fn scalar_like(graph: &mut Graph, x: NodeId, number: f64) -> NodeId {
    scalar(graph, graph.ty(x).dtype, number)
}

/// Zeros of the element type and shape of `x`.
///
/// # Errors
/// None for any node of the graph.
pub fn zeros_like(graph: &mut Graph, x: NodeId) -> Result<NodeId> {
    full_like(graph, x, 0.0)
}

/// Ones of the element type and shape of `x`: where backward starts.
///
/// # Errors
/// None for any node of the graph.
pub fn ones_like(graph: &mut Graph, x: NodeId) -> Result<NodeId> {
    full_like(graph, x, 1.0)
}

/// A number repeated, of the element type and shape of `x`.
///
/// # Errors
/// None for any node of the graph.
pub fn full_like(graph: &mut Graph, x: NodeId, number: f64) -> Result<NodeId> {
    let shape = graph.ty(x).shape;
    let number = scalar_like(graph, x, number);
    broadcast(graph, number, shape)
}

/// `x * x`.
///
/// # Errors
/// The type has no arithmetic.
pub fn square(graph: &mut Graph, x: NodeId) -> Result<NodeId> {
    multiply(graph, x, x)
}

/// The mean over `axes`, which vanish from the shape; negative ones count from the end. NaN where nothing is averaged.
///
/// # Errors
/// The type is not a floating point one, or an axis does not exist or is named twice.
pub fn mean(graph: &mut Graph, x: NodeId, axes: &[isize]) -> Result<NodeId> {
    let ty = graph.ty(x);
    let sorted = Takes::Floats
        .check(ty)
        .and_then(|()| reduction::sorted(ty.shape, axes))
        .map_err(|error| error.operation("mean"))?;
    let total = sum(graph, x, axes)?;
    let count: usize = sorted.iter().map(|&axis| ty.shape[axis]).product();
    let count = scalar_like(graph, x, count as f64);
    divide(graph, total, count)
}

/// `x` summed down to a shape that broadcasts to its own: what becomes of a gradient on the way back through a
/// broadcast.
///
/// # Errors
/// `shape` does not broadcast to the shape of `x`.
pub fn sum_to_shape(graph: &mut Graph, x: NodeId, shape: Shape) -> Result<NodeId> {
    let from = graph.ty(x).shape;
    if from.broadcast(&shape).ok() != Some(from) {
        let text = format!("cannot sum {from} down to {shape}, which does not broadcast to it");
        return Err(Error::new(ErrorKind::Shape, text).operation("sum_to_shape"));
    }
    let added = from.rank() - shape.rank();
    let repeated = |axis: usize| axis < added || (shape[axis - added] == 1 && from[axis] != 1);
    let axes: SmallVec<[isize; 8]> =
        (0..from.rank()).filter(|&axis| repeated(axis)).map(|axis| axis as isize).collect();
    let total = sum(graph, x, &axes)?;
    reshape(graph, total, shape)
}

/// `x` with axes of size 1 put back where a reduction over `axes` took them from: `shape` is the one before it.
///
/// # Errors
/// `x` has not the shape that such a reduction gives.
pub(crate) fn restore_axes(graph: &mut Graph, x: NodeId, shape: Shape, axes: &[usize]) -> Result<NodeId> {
    let with_ones = reshape(graph, x, shape.with_ones(axes))?;
    broadcast(graph, with_ones, shape)
}
