//! Multiplication.

use crate::broadcast;
use crate::definition::zip_numbers;
use crate::probe::{self, NUMBERS};
use crate::rule::{self, Takes};
use crisol_ir::kernel::{Builder, Register};
use crisol_ir::primitive::Gradients;
use crisol_ir::{Attributes, Graph, Kind, NodeId, Primitive, Probe, Result, TensorType, Value};
use smallvec::smallvec;

/// `y = a * b`, elementwise; integers wrap. A square is `multiply(x, x)`.
///
/// Gradient: `g * b` to `a`, `g * a` to `b`.
#[derive(Clone, Copy, Debug)]
pub struct Multiply;

/// The operation.
pub static MULTIPLY: Multiply = Multiply;

/// `a * b`, broadcast by NumPy's rule.
///
/// # Errors
/// Types that differ or have no arithmetic, or shapes that do not broadcast.
pub fn multiply(graph: &mut Graph, a: NodeId, b: NodeId) -> Result<NodeId> {
    broadcast::binary(graph, &MULTIPLY, a, b)
}

impl Primitive for Multiply {
    fn name(&self) -> &'static str {
        "multiply"
    }

    fn kind(&self) -> Kind {
        Kind::Map
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        rule::binary(attributes, inputs, Takes::Numbers)
    }

    fn define(&self, _: &Attributes, inputs: &[Value]) -> Result<Value> {
        zip_numbers!(inputs, |a, b| a * b, |a, b| a.wrapping_mul(b))
    }

    fn gradient(&self, graph: &mut Graph, node: NodeId, gradient: NodeId) -> Result<Gradients> {
        let (a, b) = (graph.node(node).inputs[0], graph.node(node).inputs[1]);
        Ok(smallvec![Some(multiply(graph, gradient, b)?), Some(multiply(graph, gradient, a)?)])
    }

    fn lower(&self, builder: &mut Builder, _: &Attributes, inputs: &[Register]) -> Result<Register> {
        let &[a, b] = rule::operands(inputs)?;
        Ok(builder.multiply(a, b))
    }

    fn probe(&self) -> Probe {
        Probe { cases: probe::maps(&NUMBERS, 2), ..Probe::default() }
    }
}
