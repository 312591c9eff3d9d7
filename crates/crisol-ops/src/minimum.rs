//! The smaller of two.

use crate::broadcast;
use crate::composite::{scalar_like, zeros_like};
use crate::definition::zip_numbers;
use crate::probe::{self, ORDERED};
use crate::rule::{self, Takes};
use crate::{equal, less, multiply, select};
use crisol_ir::kernel::{Binary, Builder, Comparison, Register};
use crisol_ir::primitive::Gradients;
use crisol_ir::{Attributes, Graph, Kind, NodeId, Primitive, Probe, Result, TensorType, Value};
use smallvec::smallvec;

/// `y = a < b ? a : b`; NaN where either is NaN.
///
/// Gradient: `g` to the smaller one, half to each at a tie, as Keras on JAX.
#[derive(Clone, Copy, Debug)]
pub struct Minimum;

/// The operation.
pub static MINIMUM: Minimum = Minimum;

/// The smaller of `a` and `b`, broadcast by NumPy's rule.
///
/// # Errors
/// Types that differ or have no order, or shapes that do not broadcast.
pub fn minimum(graph: &mut Graph, a: NodeId, b: NodeId) -> Result<NodeId> {
    broadcast::binary(graph, &MINIMUM, a, b)
}

impl Primitive for Minimum {
    fn name(&self) -> &'static str {
        "minimum"
    }

    fn kind(&self) -> Kind {
        Kind::Map
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        rule::binary(attributes, inputs, Takes::Ordered)
    }

    fn define(&self, _: &Attributes, inputs: &[Value]) -> Result<Value> {
        zip_numbers!(inputs, |a, b| if a < b || a.is_nan() { a } else { b }, |a, b| if a < b { a } else { b })
    }

    fn gradient(&self, graph: &mut Graph, node: NodeId, gradient: NodeId) -> Result<Gradients> {
        let (a, b) = (graph.node(node).inputs[0], graph.node(node).inputs[1]);
        let zero = zeros_like(graph, node)?;
        let half = scalar_like(graph, node, 0.5);
        let half = multiply(graph, half, gradient)?;
        let tie = equal(graph, a, b)?;
        let mut share = |chosen: NodeId, other: NodeId| {
            let first = less(graph, chosen, other)?;
            let rest = select(graph, tie, half, zero)?;
            select(graph, first, gradient, rest)
        };
        Ok(smallvec![Some(share(a, b)?), Some(share(b, a)?)])
    }

    fn lower(&self, builder: &mut Builder, _: &Attributes, inputs: &[Register]) -> Result<Register> {
        let &[a, b] = rule::operands(inputs)?;
        // The instruction gives `b` where either is NaN: only a NaN in `a` needs care, and most constants are none.
        let chosen = builder.binary(Binary::Minimum, a, b);
        if !builder.ty(a).is_float() || builder.number(a).is_some_and(|number| !number.is_nan()) {
            return Ok(chosen);
        }
        let number = builder.compare(Comparison::Equal, a, a);
        Ok(builder.select(number, chosen, a))
    }

    fn probe(&self) -> Probe {
        Probe { cases: probe::maps(&ORDERED, 2), ..Probe::default() }
    }
}
