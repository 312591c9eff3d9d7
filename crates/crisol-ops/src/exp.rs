//! The exponential function.

use crate::definition::map_floats;
use crate::multiply;
use crate::probe::{self, FLOATS};
use crate::rule::{self, Takes};
use crisol_ir::kernel::{Builder, Register, math};
use crisol_ir::primitive::Gradients;
use crisol_ir::{Attributes, Graph, Kind, NodeId, Primitive, Probe, Result, TensorType, Value};
use smallvec::smallvec;

/// `y = e^x`: 0 at minus infinity, and NaN for NaN.
///
/// In `float32`, results below the smallest normal number are 0. Gradient: `g * y`.
#[derive(Clone, Copy, Debug)]
pub struct Exp;

/// The operation.
pub static EXP: Exp = Exp;

/// `e^x`.
///
/// # Errors
/// The type is not a floating point one.
pub fn exp(graph: &mut Graph, x: NodeId) -> Result<NodeId> {
    graph.apply(&EXP, Attributes::none(), &[x])
}

impl Primitive for Exp {
    fn name(&self) -> &'static str {
        "exp"
    }

    fn kind(&self) -> Kind {
        Kind::Map
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        rule::unary(attributes, inputs, Takes::Floats)
    }

    fn define(&self, _: &Attributes, inputs: &[Value]) -> Result<Value> {
        map_floats!(inputs, |x| x.exp())
    }

    fn gradient(&self, graph: &mut Graph, node: NodeId, gradient: NodeId) -> Result<Gradients> {
        Ok(smallvec![Some(multiply(graph, gradient, node)?)])
    }

    fn lower(&self, builder: &mut Builder, _: &Attributes, inputs: &[Register]) -> Result<Register> {
        let &[x] = rule::operands(inputs)?;
        Ok(math::exp(builder, x))
    }

    fn probe(&self) -> Probe {
        Probe { cases: probe::maps(&FLOATS, 1), range: (-10.0, 10.0), ulps: math::EXP_ULPS + 1.0, ..Probe::default() }
    }
}
