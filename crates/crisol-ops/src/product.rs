//! Products over axes.

use crate::definition::{narrow, wide};
use crate::probe::{self, NUMBERS};
use crate::reduction;
use crate::rule::{self, Takes};
use crate::{concatenate, multiply, permute, reshape, slice_axis};
use crisol_ir::primitive::{Gradients, Reduction};
use crisol_ir::{Attributes, Graph, Kind, NodeId, Primitive, Probe, Result, Shape, TensorType, Value};
use smallvec::{SmallVec, smallvec};

/// `y = product of x` over axes, which vanish from the shape; 1 over an empty axis; integers wrap.
///
/// Settings: the axes, in order. Gradient: `g` times the product of all other elements, which zeros among them do not
/// spoil.
///
/// The definition of `float32` multiplies in double precision; fast code in a fixed order of its own.
#[derive(Clone, Copy, Debug)]
pub struct Product;

/// The operation.
pub static PRODUCT: Product = Product;

/// The product over `axes`, which vanish from the shape; negative ones count from the end. Over no axes: `x` itself.
///
/// # Errors
/// The type has no arithmetic, or an axis does not exist or is named twice.
pub fn product(graph: &mut Graph, x: NodeId, axes: &[isize]) -> Result<NodeId> {
    reduction::apply(graph, &PRODUCT, x, axes)
}

impl Primitive for Product {
    fn name(&self) -> &'static str {
        "product"
    }

    fn kind(&self) -> Kind {
        Kind::Reduce(Reduction::Product)
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        reduction::infer(attributes, inputs, Takes::Numbers)
    }

    fn define(&self, attributes: &Attributes, inputs: &[Value]) -> Result<Value> {
        let [x] = rule::operands(inputs)?;
        let axes = reduction::axes(attributes, x.shape()?)?;
        match x {
            Value::I32(x) => Ok(Value::I32(reduction::fold(x, &axes, 1, &i32::wrapping_mul))),
            Value::I64(x) => Ok(Value::I64(reduction::fold(x, &axes, 1, &i64::wrapping_mul))),
            x => Ok(narrow(reduction::fold(&wide(x)?, &axes, 1.0, &|product, x| product * x), x.dtype())),
        }
    }

    fn gradient(&self, graph: &mut Graph, node: NodeId, gradient: NodeId) -> Result<Gradients> {
        let x = graph.node(node).inputs[0];
        let shape = graph.ty(x).shape;
        let axes = rule::attributes(graph, node)?.to_sizes();
        // The axes as one, the last.
        let kept = shape.without(&axes);
        let mut order: SmallVec<[usize; 8]> = (0..shape.rank()).filter(|axis| !axes.contains(axis)).collect();
        order.extend_from_slice(&axes);
        let turned = permute(graph, x, &order)?;
        let factors: usize = axes.iter().map(|&axis| shape[axis]).product();
        let rows = reshape(graph, turned, Shape::new(&[kept.elements(), factors])?)?;
        let gradient = reshape(graph, gradient, Shape::new(&[kept.elements(), 1])?)?;
        let to_rows = others(graph, rows, factors, gradient)?;
        let sizes: SmallVec<[usize; 8]> = order.iter().map(|&axis| shape[axis]).collect();
        let to_turned = reshape(graph, to_rows, Shape::new(&sizes)?)?;
        let mut back = order.clone();
        for (to, &from) in order.iter().enumerate() {
            back[from] = to;
        }
        Ok(smallvec![Some(permute(graph, to_turned, &back)?)])
    }

    fn probe(&self) -> Probe {
        let mut cases = reduction::cases(&NUMBERS);
        cases.push((Attributes::sizes(&[1]), vec![probe::ty(NUMBERS[2], &[2, 0])]));
        Probe { cases, ulps: 8.0, ..Probe::default() }
    }
}

/// `gradient` (`[rows, 1]`) times the product of all other elements of each row of `x` (`[rows, count]`), by halves:
/// pairs are multiplied, which gives rows half as long, and what comes back for a pair goes to each of the two times
/// the other.
fn others(graph: &mut Graph, x: NodeId, count: usize, gradient: NodeId) -> Result<NodeId> {
    if count == 0 {
        return slice_axis(graph, gradient, 1, 0, 0);
    }
    let mut levels: SmallVec<[(NodeId, usize); 16]> = smallvec![(x, count)];
    while let Some(&(x, count)) = levels.last().filter(|(_, count)| *count > 2) {
        let half = count / 2;
        let (a, b) = (slice_axis(graph, x, 1, 0, half)?, slice_axis(graph, x, 1, half, 2 * half)?);
        let pairs = multiply(graph, a, b)?;
        let next = if count == 2 * half {
            pairs
        } else {
            let odd = slice_axis(graph, x, 1, count - 1, count)?;
            concatenate(graph, &[pairs, odd], 1)?
        };
        levels.push((next, count - half));
    }
    let mut gradient = gradient;
    for (x, count) in levels.into_iter().rev() {
        if count == 1 {
            continue;
        }
        let half = count / 2;
        let to_pairs = slice_axis(graph, gradient, 1, 0, half)?;
        let (a, b) = (slice_axis(graph, x, 1, 0, half)?, slice_axis(graph, x, 1, half, 2 * half)?);
        let (to_a, to_b) = (multiply(graph, to_pairs, b)?, multiply(graph, to_pairs, a)?);
        gradient = if count == 2 * half {
            concatenate(graph, &[to_a, to_b], 1)?
        } else {
            let to_odd = slice_axis(graph, gradient, 1, half, half + 1)?;
            concatenate(graph, &[to_a, to_b, to_odd], 1)?
        };
    }
    Ok(gradient)
}
