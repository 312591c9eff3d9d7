//! The logarithm of 1 plus a number.

use crate::composite::scalar_like;
use crate::definition::map_floats;
use crate::probe::{self, FLOATS};
use crate::rule::{self, Takes};
use crate::{add, divide};
use crisol_ir::kernel::{Builder, Register, math};
use crisol_ir::primitive::Gradients;
use crisol_ir::{Attributes, Graph, Kind, NodeId, Primitive, Probe, Result, TensorType, Value};
use smallvec::smallvec;

/// `y = ln(1 + x)`, exact in relative terms near 0 too, where `log(1 + x)` loses everything: minus infinity at -1, NaN
/// below it and for NaN.
///
/// Gradient: `g / (1 + x)`.
#[derive(Clone, Copy, Debug)]
pub struct Log1p;

/// The operation.
pub static LOG1P: Log1p = Log1p;

/// `ln(1 + x)`, exact near 0 too.
///
/// # Errors
/// The type is not a floating point one.
pub fn log1p(graph: &mut Graph, x: NodeId) -> Result<NodeId> {
    graph.apply(&LOG1P, Attributes::none(), &[x])
}

impl Primitive for Log1p {
    fn name(&self) -> &'static str {
        "log1p"
    }

    fn kind(&self) -> Kind {
        Kind::Map
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        rule::unary(attributes, inputs, Takes::Floats)
    }

    fn define(&self, _: &Attributes, inputs: &[Value]) -> Result<Value> {
        map_floats!(inputs, |x| x.ln_1p())
    }

    fn gradient(&self, graph: &mut Graph, node: NodeId, gradient: NodeId) -> Result<Gradients> {
        let x = graph.node(node).inputs[0];
        let one = scalar_like(graph, x, 1.0);
        let sum = add(graph, one, x)?;
        Ok(smallvec![Some(divide(graph, gradient, sum)?)])
    }

    fn lower(&self, builder: &mut Builder, _: &Attributes, inputs: &[Register]) -> Result<Register> {
        let &[x] = rule::operands(inputs)?;
        Ok(math::log1p(builder, x))
    }

    fn probe(&self) -> Probe {
        Probe { cases: probe::maps(&FLOATS, 1), range: (-0.8, 4.0), ulps: math::LOG1P_ULPS + 1.0, ..Probe::default() }
    }
}
