//! The logistic function.

use crate::composite::scalar_like;
use crate::definition::map_floats;
use crate::probe::{self, FLOATS};
use crate::rule::{self, Takes};
use crate::{multiply, subtract};
use crisol_ir::kernel::{Builder, Register, math};
use crisol_ir::primitive::Gradients;
use crisol_ir::{Attributes, Graph, Kind, NodeId, Primitive, Probe, Result, TensorType, Value};
use smallvec::smallvec;

/// `y = 1 / (1 + e^-x)`, exact in relative terms in both tails.
///
/// Gradient: `g * y * (1 - y)`.
#[derive(Clone, Copy, Debug)]
pub struct Sigmoid;

/// The operation.
pub static SIGMOID: Sigmoid = Sigmoid;

/// `1 / (1 + e^-x)`.
///
/// # Errors
/// The type is not a floating point one.
pub fn sigmoid(graph: &mut Graph, x: NodeId) -> Result<NodeId> {
    graph.apply(&SIGMOID, Attributes::none(), &[x])
}

impl Primitive for Sigmoid {
    fn name(&self) -> &'static str {
        "sigmoid"
    }

    fn kind(&self) -> Kind {
        Kind::Map
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        rule::unary(attributes, inputs, Takes::Floats)
    }

    fn define(&self, _: &Attributes, inputs: &[Value]) -> Result<Value> {
        map_floats!(inputs, |x| 1.0 / (1.0 + (-x).exp()))
    }

    fn gradient(&self, graph: &mut Graph, node: NodeId, gradient: NodeId) -> Result<Gradients> {
        let one = scalar_like(graph, node, 1.0);
        let rest = subtract(graph, one, node)?;
        let slope = multiply(graph, node, rest)?;
        Ok(smallvec![Some(multiply(graph, gradient, slope)?)])
    }

    fn lower(&self, builder: &mut Builder, _: &Attributes, inputs: &[Register]) -> Result<Register> {
        let &[x] = rule::operands(inputs)?;
        Ok(math::sigmoid(builder, x))
    }

    fn probe(&self) -> Probe {
        Probe { cases: probe::maps(&FLOATS, 1), range: (-6.0, 6.0), ulps: math::SIGMOID_ULPS + 2.0, ..Probe::default() }
    }
}
