//! The sine.

use crate::definition::map_floats;
use crate::probe::{self, FLOATS};
use crate::rule::{self, Takes};
use crate::{cos, multiply};
use crisol_ir::kernel::{Builder, Register, math};
use crisol_ir::primitive::Gradients;
use crisol_ir::{Attributes, Graph, Kind, NodeId, Primitive, Probe, Result, TensorType, Value};
use smallvec::smallvec;

/// `y = sin(x)` of an angle in radians, of any size; NaN for infinities and NaN.
///
/// Gradient: `g * cos(x)`.
#[derive(Clone, Copy, Debug)]
pub struct Sin;

/// The operation.
pub static SIN: Sin = Sin;

/// The sine of an angle in radians.
///
/// # Errors
/// The type is not a floating point one.
pub fn sin(graph: &mut Graph, x: NodeId) -> Result<NodeId> {
    graph.apply(&SIN, Attributes::none(), &[x])
}

impl Primitive for Sin {
    fn name(&self) -> &'static str {
        "sin"
    }

    fn kind(&self) -> Kind {
        Kind::Map
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        rule::unary(attributes, inputs, Takes::Floats)
    }

    fn define(&self, _: &Attributes, inputs: &[Value]) -> Result<Value> {
        map_floats!(inputs, |x| x.sin())
    }

    fn gradient(&self, graph: &mut Graph, node: NodeId, gradient: NodeId) -> Result<Gradients> {
        let x = graph.node(node).inputs[0];
        let slope = cos(graph, x)?;
        Ok(smallvec![Some(multiply(graph, gradient, slope)?)])
    }

    fn lower(&self, builder: &mut Builder, _: &Attributes, inputs: &[Register]) -> Result<Register> {
        let &[x] = rule::operands(inputs)?;
        Ok(math::sin(builder, x))
    }

    fn probe(&self) -> Probe {
        Probe { cases: probe::maps(&FLOATS, 1), range: (-20.0, 20.0), ulps: math::SIN_ULPS + 1.0, ..Probe::default() }
    }
}
