//! The natural logarithm.

use crate::definition::map_floats;
use crate::divide;
use crate::probe::{self, FLOATS};
use crate::rule::{self, Takes};
use crisol_ir::kernel::{Builder, Register, math};
use crisol_ir::primitive::Gradients;
use crisol_ir::{Attributes, Graph, Kind, NodeId, Primitive, Probe, Result, TensorType, Value};
use smallvec::smallvec;

/// `y = ln(x)`: minus infinity at 0, NaN below.
///
/// In `float32`, numbers below the smallest normal one count as 0. Gradient: `g / x`.
#[derive(Clone, Copy, Debug)]
pub struct Log;

/// The operation.
pub static LOG: Log = Log;

/// `ln(x)`.
///
/// # Errors
/// The type is not a floating point one.
pub fn log(graph: &mut Graph, x: NodeId) -> Result<NodeId> {
    graph.apply(&LOG, Attributes::none(), &[x])
}

impl Primitive for Log {
    fn name(&self) -> &'static str {
        "log"
    }

    fn kind(&self) -> Kind {
        Kind::Map
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        rule::unary(attributes, inputs, Takes::Floats)
    }

    fn define(&self, _: &Attributes, inputs: &[Value]) -> Result<Value> {
        map_floats!(inputs, |x| x.ln())
    }

    fn gradient(&self, graph: &mut Graph, node: NodeId, gradient: NodeId) -> Result<Gradients> {
        let x = graph.node(node).inputs[0];
        Ok(smallvec![Some(divide(graph, gradient, x)?)])
    }

    fn lower(&self, builder: &mut Builder, _: &Attributes, inputs: &[Register]) -> Result<Register> {
        let &[x] = rule::operands(inputs)?;
        Ok(math::log(builder, x))
    }

    fn probe(&self) -> Probe {
        Probe { cases: probe::maps(&FLOATS, 1), range: (0.1, 10.0), ulps: math::LOG_ULPS + 1.0, ..Probe::default() }
    }
}
