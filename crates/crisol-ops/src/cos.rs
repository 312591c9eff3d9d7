//! The cosine.

use crate::definition::map_floats;
use crate::probe::{self, FLOATS};
use crate::rule::{self, Takes};
use crate::{multiply, negate, sin};
use crisol_ir::kernel::{Builder, Register, math};
use crisol_ir::primitive::Gradients;
use crisol_ir::{Attributes, Graph, Kind, NodeId, Primitive, Probe, Result, TensorType, Value};
use smallvec::smallvec;

/// `y = cos(x)` of an angle in radians, of any size; NaN for infinities and NaN.
///
/// Gradient: `-g * sin(x)`.
#[derive(Clone, Copy, Debug)]
pub struct Cos;

/// The operation.
pub static COS: Cos = Cos;

/// The cosine of an angle in radians.
///
/// # Errors
/// The type is not a floating point one.
pub fn cos(graph: &mut Graph, x: NodeId) -> Result<NodeId> {
    graph.apply(&COS, Attributes::none(), &[x])
}

impl Primitive for Cos {
    fn name(&self) -> &'static str {
        "cos"
    }

    fn kind(&self) -> Kind {
        Kind::Map
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        rule::unary(attributes, inputs, Takes::Floats)
    }

    fn define(&self, _: &Attributes, inputs: &[Value]) -> Result<Value> {
        map_floats!(inputs, |x| x.cos())
    }

    fn gradient(&self, graph: &mut Graph, node: NodeId, gradient: NodeId) -> Result<Gradients> {
        let x = graph.node(node).inputs[0];
        let sine = sin(graph, x)?;
        let slope = negate(graph, sine)?;
        Ok(smallvec![Some(multiply(graph, gradient, slope)?)])
    }

    fn lower(&self, builder: &mut Builder, _: &Attributes, inputs: &[Register]) -> Result<Register> {
        let &[x] = rule::operands(inputs)?;
        Ok(math::cos(builder, x))
    }

    fn probe(&self) -> Probe {
        Probe { cases: probe::maps(&FLOATS, 1), range: (-20.0, 20.0), ulps: math::COS_ULPS + 1.0, ..Probe::default() }
    }
}
