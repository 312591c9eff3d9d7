//! Rounding down.

use crate::composite::zeros_like;
use crate::definition::map_floats;
use crate::probe::{self, FLOATS};
use crate::rule::{self, Takes};
use crisol_ir::kernel::{Builder, Register, Unary};
use crisol_ir::primitive::Gradients;
use crisol_ir::{Attributes, Graph, Kind, NodeId, Primitive, Probe, Result, TensorType, Value};
use smallvec::smallvec;

/// `y` is the largest integer that is not above `x`.
///
/// Gradient: 0 everywhere, also at the steps, as Keras on JAX.
#[derive(Clone, Copy, Debug)]
pub struct Floor;

/// The operation.
pub static FLOOR: Floor = Floor;

/// `floor(x)`.
///
/// # Errors
/// The type is not a floating point one.
pub fn floor(graph: &mut Graph, x: NodeId) -> Result<NodeId> {
    graph.apply(&FLOOR, Attributes::none(), &[x])
}

impl Primitive for Floor {
    fn name(&self) -> &'static str {
        "floor"
    }

    fn kind(&self) -> Kind {
        Kind::Map
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        rule::unary(attributes, inputs, Takes::Floats)
    }

    fn define(&self, _: &Attributes, inputs: &[Value]) -> Result<Value> {
        map_floats!(inputs, |x| x.floor())
    }

    fn gradient(&self, graph: &mut Graph, node: NodeId, _: NodeId) -> Result<Gradients> {
        Ok(smallvec![Some(zeros_like(graph, node)?)])
    }

    fn lower(&self, builder: &mut Builder, _: &Attributes, inputs: &[Register]) -> Result<Register> {
        let &[x] = rule::operands(inputs)?;
        Ok(builder.unary(Unary::Floor, x))
    }

    fn probe(&self) -> Probe {
        Probe { cases: probe::maps(&FLOATS, 1), kinks: vec![-2.0, -1.0, 0.0, 1.0, 2.0], ..Probe::default() }
    }
}
