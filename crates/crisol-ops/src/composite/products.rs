//! Products of tensors over any of their axes, made of matrix products.

use super::axes::expand_dims;
use crate::rule::{self, Takes};
use crate::{broadcast, matmul_transposed, multiply, permute, reshape, sum};
use crisol_ir::{Error, ErrorKind, Graph, NodeId, Result, Shape};
use smallvec::SmallVec;

/// The axes of a tensor by name; which tensor has an axis of the same name decides what happens to it.
pub(crate) type Labels = SmallVec<[u8; 8]>;

/// The sum over products of `a` and `b`: over the axes in both that are not `kept`. The result has the axes of both
/// that are kept, then those of `a`, then those of `b`. Axes of one name have one size.
pub(crate) fn contract(
    graph: &mut Graph,
    (a, a_labels): (NodeId, &[u8]),
    (b, b_labels): (NodeId, &[u8]),
    kept: impl Fn(u8) -> bool,
) -> Result<(NodeId, Labels)> {
    let in_both = |label: &&u8| a_labels.contains(label) && b_labels.contains(label);
    let batch: Labels = a_labels.iter().filter(in_both).filter(|label| kept(**label)).copied().collect();
    let inner: Labels = a_labels.iter().filter(in_both).filter(|label| !kept(**label)).copied().collect();
    let rows: Labels = a_labels.iter().filter(|label| !in_both(label)).copied().collect();
    let columns: Labels = b_labels.iter().filter(|label| !in_both(label)).copied().collect();
    let (a_shape, b_shape) = (graph.ty(a).shape, graph.ty(b).shape);
    let size = |label: u8| match a_labels.iter().position(|&own| own == label) {
        Some(axis) => a_shape[axis],
        None => b_labels.iter().position(|&own| own == label).map_or(1, |axis| b_shape[axis]),
    };
    let count = |labels: &[u8]| labels.iter().map(|&label| size(label)).product::<usize>();
    let labels: Labels = batch.iter().chain(&rows).chain(&columns).copied().collect();
    let sizes: SmallVec<[usize; 8]> = labels.iter().map(|&label| size(label)).collect();
    let shape = Shape::new(&sizes)?;
    let (depth, [batches, m, n]) = (count(&inner), [count(&batch), count(&rows), count(&columns)]);

    // Products without a sum, and sums of integers, are no matrix products.
    if inner.is_empty() || !graph.ty(a).dtype.is_float() {
        let (a, _) = arranged(graph, a, a_labels, [&batch, &rows, &inner], [batches, m, 1, depth], false)?;
        let (b, _) = arranged(graph, b, b_labels, [&batch, &columns, &inner], [batches, 1, n, depth], false)?;
        let products = multiply(graph, a, b)?;
        let total = sum(graph, products, &[3])?;
        return Ok((reshape(graph, total, shape)?, labels));
    }
    // The operands as they lie, if a flag of the product makes up for the order.
    let (a, a_turned) = arranged(graph, a, a_labels, [&batch, &rows, &inner], [batches, m, depth, 1], true)?;
    let (b, b_straight) = arranged(graph, b, b_labels, [&batch, &columns, &inner], [batches, n, depth, 1], true)?;
    let product = matmul_transposed(graph, a, b, a_turned, !b_straight)?;
    Ok((reshape(graph, product, shape)?, labels))
}

/// `x` with its axes in three groups. With `as_it_lies` as `[batch, outer, inner]` or, if that keeps the axes in their
/// order, `[batch, inner, outer]`, which the flag tells; else under `sizes`.
fn arranged(
    graph: &mut Graph,
    x: NodeId,
    labels: &[u8],
    [batch, outer, inner]: [&Labels; 3],
    sizes: [usize; 4],
    as_it_lies: bool,
) -> Result<(NodeId, bool)> {
    let axis = |label: &u8| labels.iter().position(|own| own == label).unwrap_or(0);
    let mut order: SmallVec<[usize; 8]> = batch.iter().chain(outer).chain(inner).map(axis).collect();
    let turned: SmallVec<[usize; 8]> = batch.iter().chain(inner).chain(outer).map(axis).collect();
    let swaps = as_it_lies && !order.is_sorted() && turned.is_sorted();
    if swaps {
        order = turned;
    }
    let x = if order.is_sorted() { x } else { permute(graph, x, &order)? };
    let [batches, m, n, last] = sizes;
    let shape = match (as_it_lies, swaps) {
        (true, true) => Shape::new(&[batches, n, m])?,
        (true, false) => Shape::new(&[batches, m, n])?,
        (false, _) => Shape::new(&[batches, m, n, last])?,
    };
    Ok((reshape(graph, x, shape)?, swaps))
}

/// The sum over products along pairs of axes, `a_axes[i]` of `a` with `b_axes[i]` of `b`: what is left of the axes of
/// `a`, then of `b`.
///
/// # Errors
/// Types that differ or have no arithmetic, lists of different lengths, axes that do not exist or are named twice,
/// sizes that differ.
pub fn tensordot(graph: &mut Graph, a: NodeId, b: NodeId, a_axes: &[isize], b_axes: &[isize]) -> Result<NodeId> {
    let named = |error: Error| error.operation("tensordot");
    let (lhs, rhs) = (graph.ty(a), graph.ty(b));
    rule::same_dtype(lhs, rhs).and_then(|()| Takes::Numbers.check(lhs)).map_err(named)?;
    if a_axes.len() != b_axes.len() {
        let text = format!("axes {a_axes:?} of {} and {b_axes:?} of {}: expected as many", lhs.shape, rhs.shape);
        return Err(named(Error::new(ErrorKind::Axis, text)));
    }
    crate::reduction::sorted(lhs.shape, a_axes).map_err(named)?;
    crate::reduction::sorted(rhs.shape, b_axes).map_err(named)?;
    let a_labels: Labels = (0..lhs.shape.rank() as u8).collect();
    let mut b_labels: Labels = (100..100 + rhs.shape.rank() as u8).collect();
    for (&a_axis, &b_axis) in a_axes.iter().zip(b_axes) {
        let (i, j) = (lhs.shape.axis(a_axis).map_err(named)?, rhs.shape.axis(b_axis).map_err(named)?);
        if lhs.shape[i] != rhs.shape[j] {
            let text = format!(
                "sizes differ: lhs {} axis {i} = {}, rhs {} axis {j} = {}",
                lhs.shape, lhs.shape[i], rhs.shape, rhs.shape[j]
            );
            return Err(named(Error::new(ErrorKind::Shape, text)));
        }
        b_labels[j] = i as u8;
    }
    contract(graph, (a, &a_labels), (b, &b_labels), |_| false).map(|(result, _)| result).map_err(named)
}

/// NumPy's `dot`: the product with a scalar; else the sum over the last axis of `a` and the last but one of `b`, or its
/// only one.
///
/// # Errors
/// Types that differ or have no arithmetic, or sizes that differ.
pub fn dot(graph: &mut Graph, a: NodeId, b: NodeId) -> Result<NodeId> {
    let (left, right) = (graph.ty(a).shape.rank(), graph.ty(b).shape.rank());
    if left == 0 || right == 0 {
        return multiply(graph, a, b).map_err(|error| error.operation("dot"));
    }
    tensordot(graph, a, b, &[-1], &[if right == 1 { -1 } else { -2 }])
}

/// Every element of `a` times every element of `b`: a matrix, whatever the shapes.
///
/// # Errors
/// Types that differ or have no arithmetic.
pub fn outer(graph: &mut Graph, a: NodeId, b: NodeId) -> Result<NodeId> {
    let named = |error: Error| error.operation("outer");
    let rows = reshape(graph, a, Shape::new(&[graph.ty(a).shape.elements(), 1])?)?;
    let columns = reshape(graph, b, Shape::new(&[1, graph.ty(b).shape.elements()])?)?;
    multiply(graph, rows, columns).map_err(named)
}

/// Operands of a matrix product by NumPy's rule: vectors become matrices of one row (`a`) or one column (`b`), leading
/// axes broadcast. Returns the product.
pub(crate) fn matmul_by_numpys_rule(graph: &mut Graph, mut a: NodeId, mut b: NodeId) -> Result<NodeId> {
    let (row, column) = (graph.ty(a).shape.rank() == 1, graph.ty(b).shape.rank() == 1);
    if row {
        a = expand_dims(graph, a, 0)?;
    }
    if column {
        b = expand_dims(graph, b, 1)?;
    }
    let (lhs, rhs) = (graph.ty(a).shape, graph.ty(b).shape);
    if lhs.rank() > 2 && rhs.rank() > 2 && lhs[..lhs.rank() - 2] != rhs[..rhs.rank() - 2] {
        let leading = |shape: Shape| Shape::new(&shape[..shape.rank() - 2]);
        if let Ok(common) = leading(lhs)?.broadcast(&leading(rhs)?) {
            let matrices = |shape: Shape| Shape::new(&[&common[..], &shape[shape.rank() - 2..]].concat());
            a = broadcast(graph, a, matrices(lhs)?)?;
            b = broadcast(graph, b, matrices(rhs)?)?;
        }
    }
    let product = matmul_transposed(graph, a, b, false, false)?;
    let shape = graph.ty(product).shape;
    let gone: SmallVec<[usize; 2]> = [(row, shape.rank() - 2), (column, shape.rank() - 1)]
        .iter()
        .filter(|(gone, _)| *gone)
        .map(|(_, axis)| *axis)
        .collect();
    reshape(graph, product, shape.without(&gone))
}
