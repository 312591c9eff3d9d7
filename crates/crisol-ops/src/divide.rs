//! Division.

use crate::broadcast;
use crate::composite::ones_like;
use crate::definition::zip_numbers;
use crate::probe::{self, FLOATS};
use crate::rule::{self, Takes};
use crate::{multiply, negate};
use crisol_ir::kernel::{Builder, Register};
use crisol_ir::primitive::Gradients;
use crisol_ir::{Attributes, Graph, Kind, NodeId, Operation, Primitive, Probe, Result, TensorType, Value};
use smallvec::smallvec;

/// `y = a / b`, elementwise, floats only: whether integers divide to a fraction or to an integer is for a cast to say.
///
/// Gradient: `g / b` to `a`, `-(g / b) * y` to `b`; `g * (1 / b)` where `b` repeats few numbers, as the sums of softmax do: then an
/// element costs no division.
#[derive(Clone, Copy, Debug)]
pub struct Divide;

/// The operation.
pub static DIVIDE: Divide = Divide;

/// `a / b`, broadcast by NumPy's rule.
///
/// # Errors
/// Types that differ or are not floating point ones, or shapes that do not broadcast.
pub fn divide(graph: &mut Graph, a: NodeId, b: NodeId) -> Result<NodeId> {
    broadcast::binary(graph, &DIVIDE, a, b)
}

impl Primitive for Divide {
    fn name(&self) -> &'static str {
        "divide"
    }

    fn kind(&self) -> Kind {
        Kind::Map
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        rule::binary(attributes, inputs, Takes::Floats)
    }

    fn define(&self, _: &Attributes, inputs: &[Value]) -> Result<Value> {
        zip_numbers!(inputs, |a, b| a / b, |a, _b| a)
    }

    fn gradient(&self, graph: &mut Graph, node: NodeId, gradient: NodeId) -> Result<Gradients> {
        let b = graph.node(node).inputs[1];
        let to_a = match repeated(graph, b) {
            Some(few) => {
                let one = ones_like(graph, few)?;
                let reciprocal = divide(graph, one, few)?;
                multiply(graph, gradient, reciprocal)?
            }
            None => divide(graph, gradient, b)?,
        };
        let product = multiply(graph, to_a, node)?;
        Ok(smallvec![Some(to_a), Some(negate(graph, product)?)])
    }

    fn lower(&self, builder: &mut Builder, _: &Attributes, inputs: &[Register]) -> Result<Register> {
        let &[a, b] = rule::operands(inputs)?;
        Ok(builder.divide(a, b))
    }

    fn probe(&self) -> Probe {
        Probe { cases: probe::maps(&FLOATS, 2), range: (0.5, 2.0), ..Probe::default() }
    }
}

/// What a value repeats at least eight times.
fn repeated(graph: &Graph, id: NodeId) -> Option<NodeId> {
    let node = graph.node(id);
    let Operation::Primitive(primitive, _) = &node.operation else { return None };
    let &[few] = &node.inputs[..] else { return None };
    let is_broadcast = std::ptr::addr_eq(*primitive, &raw const broadcast::BROADCAST);
    (is_broadcast && graph.ty(few).shape.elements().saturating_mul(8) <= node.ty.shape.elements()).then_some(few)
}
