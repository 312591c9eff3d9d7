//! The hyperbolic tangent.

use crate::composite::scalar_like;
use crate::definition::map_floats;
use crate::probe::{self, FLOATS};
use crate::rule::{self, Takes};
use crate::{multiply, subtract};
use crisol_ir::kernel::{Builder, Register, math};
use crisol_ir::primitive::Gradients;
use crisol_ir::{Attributes, Graph, Kind, NodeId, Primitive, Probe, Result, TensorType, Value};
use smallvec::smallvec;

/// `y = tanh(x)`.
///
/// Gradient: `g * (1 - y * y)`.
#[derive(Clone, Copy, Debug)]
pub struct Tanh;

/// The operation.
pub static TANH: Tanh = Tanh;

/// `tanh(x)`.
///
/// # Errors
/// The type is not a floating point one.
pub fn tanh(graph: &mut Graph, x: NodeId) -> Result<NodeId> {
    graph.apply(&TANH, Attributes::none(), &[x])
}

impl Primitive for Tanh {
    fn name(&self) -> &'static str {
        "tanh"
    }

    fn kind(&self) -> Kind {
        Kind::Map
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        rule::unary(attributes, inputs, Takes::Floats)
    }

    fn define(&self, _: &Attributes, inputs: &[Value]) -> Result<Value> {
        map_floats!(inputs, |x| x.tanh())
    }

    fn gradient(&self, graph: &mut Graph, node: NodeId, gradient: NodeId) -> Result<Gradients> {
        let square = multiply(graph, node, node)?;
        let one = scalar_like(graph, node, 1.0);
        let slope = subtract(graph, one, square)?;
        Ok(smallvec![Some(multiply(graph, gradient, slope)?)])
    }

    fn lower(&self, builder: &mut Builder, _: &Attributes, inputs: &[Register]) -> Result<Register> {
        let &[x] = rule::operands(inputs)?;
        Ok(math::tanh(builder, x))
    }

    fn probe(&self) -> Probe {
        Probe { cases: probe::maps(&FLOATS, 1), range: (-4.0, 4.0), ulps: math::TANH_ULPS + 1.0, ..Probe::default() }
    }
}
