//! The inverse of the tangent.

use crate::composite::{scalar_like, square};
use crate::definition::map_floats;
use crate::probe::{self, FLOATS};
use crate::rule::{self, Takes};
use crate::{add, divide};
use crisol_ir::kernel::{Builder, Register, math};
use crisol_ir::primitive::Gradients;
use crisol_ir::{Attributes, Graph, Kind, NodeId, Primitive, Probe, Result, TensorType, Value};
use smallvec::smallvec;

/// `y = atan(x)`, the angle from `-pi/2` to `pi/2` whose tangent is `x`.
///
/// Gradient: `g / (1 + x^2)`.
#[derive(Clone, Copy, Debug)]
pub struct Atan;

/// The operation.
pub static ATAN: Atan = Atan;

/// The angle from `-pi/2` to `pi/2` whose tangent is `x`.
///
/// # Errors
/// The type is not a floating point one.
pub fn atan(graph: &mut Graph, x: NodeId) -> Result<NodeId> {
    graph.apply(&ATAN, Attributes::none(), &[x])
}

impl Primitive for Atan {
    fn name(&self) -> &'static str {
        "atan"
    }

    fn kind(&self) -> Kind {
        Kind::Map
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        rule::unary(attributes, inputs, Takes::Floats)
    }

    fn define(&self, _: &Attributes, inputs: &[Value]) -> Result<Value> {
        map_floats!(inputs, |x| x.atan())
    }

    fn gradient(&self, graph: &mut Graph, node: NodeId, gradient: NodeId) -> Result<Gradients> {
        let x = graph.node(node).inputs[0];
        let one = scalar_like(graph, x, 1.0);
        let square = square(graph, x)?;
        let sum = add(graph, one, square)?;
        Ok(smallvec![Some(divide(graph, gradient, sum)?)])
    }

    fn lower(&self, builder: &mut Builder, _: &Attributes, inputs: &[Register]) -> Result<Register> {
        let &[x] = rule::operands(inputs)?;
        Ok(math::atan(builder, x))
    }

    fn probe(&self) -> Probe {
        Probe { cases: probe::maps(&FLOATS, 1), range: (-4.0, 4.0), ulps: math::ATAN_ULPS + 1.0, ..Probe::default() }
    }
}
