//! The inverse of the cosine.

use crate::asin::other_leg;
use crate::definition::map_floats;
use crate::probe::{self, FLOATS};
use crate::rule::{self, Takes};
use crate::{divide, negate};
use crisol_ir::kernel::{Builder, Register, math};
use crisol_ir::primitive::Gradients;
use crisol_ir::{Attributes, Graph, Kind, NodeId, Primitive, Probe, Result, TensorType, Value};
use smallvec::smallvec;

/// `y = acos(x)`, the angle from 0 to `pi` whose cosine is `x`; NaN beyond 1.
///
/// Gradient: `-g / sqrt((1 - x) (1 + x))`, infinite at 1 and -1.
#[derive(Clone, Copy, Debug)]
pub struct Acos;

/// The operation.
pub static ACOS: Acos = Acos;

/// The angle from 0 to `pi` whose cosine is `x`; NaN beyond 1.
///
/// # Errors
/// The type is not a floating point one.
pub fn acos(graph: &mut Graph, x: NodeId) -> Result<NodeId> {
    graph.apply(&ACOS, Attributes::none(), &[x])
}

impl Primitive for Acos {
    fn name(&self) -> &'static str {
        "acos"
    }

    fn kind(&self) -> Kind {
        Kind::Map
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        rule::unary(attributes, inputs, Takes::Floats)
    }

    fn define(&self, _: &Attributes, inputs: &[Value]) -> Result<Value> {
        map_floats!(inputs, |x| x.acos())
    }

    fn gradient(&self, graph: &mut Graph, node: NodeId, gradient: NodeId) -> Result<Gradients> {
        let x = graph.node(node).inputs[0];
        let leg = other_leg(graph, x)?;
        let slope = divide(graph, gradient, leg)?;
        Ok(smallvec![Some(negate(graph, slope)?)])
    }

    fn lower(&self, builder: &mut Builder, _: &Attributes, inputs: &[Register]) -> Result<Register> {
        let &[x] = rule::operands(inputs)?;
        Ok(math::acos(builder, x))
    }

    fn probe(&self) -> Probe {
        Probe { cases: probe::maps(&FLOATS, 1), range: (-0.95, 0.95), ulps: math::ACOS_ULPS + 1.0, ..Probe::default() }
    }
}
