//! The inverse of the sine.

use crate::composite::scalar_like;
use crate::definition::map_floats;
use crate::probe::{self, FLOATS};
use crate::rule::{self, Takes};
use crate::{add, divide, multiply, sqrt, subtract};
use crisol_ir::kernel::{Builder, Register, math};
use crisol_ir::primitive::Gradients;
use crisol_ir::{Attributes, Graph, Kind, NodeId, Primitive, Probe, Result, TensorType, Value};
use smallvec::smallvec;

/// `y = asin(x)`, the angle from `-pi/2` to `pi/2` whose sine is `x`; NaN beyond 1.
///
/// Gradient: `g / sqrt((1 - x) (1 + x))`, infinite at 1 and -1.
#[derive(Clone, Copy, Debug)]
pub struct Asin;

/// The operation.
pub static ASIN: Asin = Asin;

/// The angle from `-pi/2` to `pi/2` whose sine is `x`; NaN beyond 1.
///
/// # Errors
/// The type is not a floating point one.
pub fn asin(graph: &mut Graph, x: NodeId) -> Result<NodeId> {
    graph.apply(&ASIN, Attributes::none(), &[x])
}

/// `sqrt((1 - x) (1 + x))`, which loses nothing near 1.
pub(crate) fn other_leg(graph: &mut Graph, x: NodeId) -> Result<NodeId> {
    let one = scalar_like(graph, x, 1.0);
    let below = subtract(graph, one, x)?;
    let above = add(graph, one, x)?;
    let square = multiply(graph, below, above)?;
    sqrt(graph, square)
}

impl Primitive for Asin {
    fn name(&self) -> &'static str {
        "asin"
    }

    fn kind(&self) -> Kind {
        Kind::Map
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        rule::unary(attributes, inputs, Takes::Floats)
    }

    fn define(&self, _: &Attributes, inputs: &[Value]) -> Result<Value> {
        map_floats!(inputs, |x| x.asin())
    }

    fn gradient(&self, graph: &mut Graph, node: NodeId, gradient: NodeId) -> Result<Gradients> {
        let x = graph.node(node).inputs[0];
        let leg = other_leg(graph, x)?;
        Ok(smallvec![Some(divide(graph, gradient, leg)?)])
    }

    fn lower(&self, builder: &mut Builder, _: &Attributes, inputs: &[Register]) -> Result<Register> {
        let &[x] = rule::operands(inputs)?;
        Ok(math::asin(builder, x))
    }

    fn probe(&self) -> Probe {
        Probe { cases: probe::maps(&FLOATS, 1), range: (-0.95, 0.95), ulps: math::ASIN_ULPS + 1.0, ..Probe::default() }
    }
}
