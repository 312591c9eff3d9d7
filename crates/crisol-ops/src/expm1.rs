//! The exponential function minus 1.

use crate::composite::scalar_like;
use crate::definition::map_floats;
use crate::probe::{self, FLOATS};
use crate::rule::{self, Takes};
use crate::{add, multiply};
use crisol_ir::kernel::{Builder, Register, math};
use crisol_ir::primitive::Gradients;
use crisol_ir::{Attributes, Graph, Kind, NodeId, Primitive, Probe, Result, TensorType, Value};
use smallvec::smallvec;

/// `y = e^x - 1`, exact in relative terms near 0 too, where `exp(x) - 1` loses everything: -1 at minus infinity, and
/// NaN for NaN.
///
/// Gradient: `g * (y + 1)`.
#[derive(Clone, Copy, Debug)]
pub struct Expm1;

/// The operation.
pub static EXPM1: Expm1 = Expm1;

/// `e^x - 1`, exact near 0 too.
///
/// # Errors
/// The type is not a floating point one.
pub fn expm1(graph: &mut Graph, x: NodeId) -> Result<NodeId> {
    graph.apply(&EXPM1, Attributes::none(), &[x])
}

impl Primitive for Expm1 {
    fn name(&self) -> &'static str {
        "expm1"
    }

    fn kind(&self) -> Kind {
        Kind::Map
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        rule::unary(attributes, inputs, Takes::Floats)
    }

    fn define(&self, _: &Attributes, inputs: &[Value]) -> Result<Value> {
        map_floats!(inputs, |x| x.exp_m1())
    }

    fn gradient(&self, graph: &mut Graph, node: NodeId, gradient: NodeId) -> Result<Gradients> {
        let one = scalar_like(graph, node, 1.0);
        let slope = add(graph, node, one)?;
        Ok(smallvec![Some(multiply(graph, gradient, slope)?)])
    }

    fn lower(&self, builder: &mut Builder, _: &Attributes, inputs: &[Register]) -> Result<Register> {
        let &[x] = rule::operands(inputs)?;
        Ok(math::expm1(builder, x))
    }

    fn probe(&self) -> Probe {
        Probe { cases: probe::maps(&FLOATS, 1), range: (-4.0, 4.0), ulps: math::EXPM1_ULPS + 1.0, ..Probe::default() }
    }
}
