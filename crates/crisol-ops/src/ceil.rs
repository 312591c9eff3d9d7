//! Rounding up.

use crate::composite::zeros_like;
use crate::definition::map_floats;
use crate::probe::{self, FLOATS};
use crate::rule::{self, Takes};
use crisol_ir::kernel::{Builder, Register, Unary};
use crisol_ir::primitive::Gradients;
use crisol_ir::{Attributes, Graph, Kind, NodeId, Primitive, Probe, Result, TensorType, Value};
use smallvec::smallvec;

/// `y` is the smallest integer that is not below `x`.
///
/// Gradient: 0 everywhere, also at the steps, as Keras on JAX.
#[derive(Clone, Copy, Debug)]
pub struct Ceil;

/// The operation.
pub static CEIL: Ceil = Ceil;

/// `ceil(x)`.
///
/// # Errors
/// The type is not a floating point one.
pub fn ceil(graph: &mut Graph, x: NodeId) -> Result<NodeId> {
    graph.apply(&CEIL, Attributes::none(), &[x])
}

impl Primitive for Ceil {
    fn name(&self) -> &'static str {
        "ceil"
    }

    fn kind(&self) -> Kind {
        Kind::Map
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        rule::unary(attributes, inputs, Takes::Floats)
    }

    fn define(&self, _: &Attributes, inputs: &[Value]) -> Result<Value> {
        map_floats!(inputs, |x| x.ceil())
    }

    fn gradient(&self, graph: &mut Graph, node: NodeId, _: NodeId) -> Result<Gradients> {
        Ok(smallvec![Some(zeros_like(graph, node)?)])
    }

    fn lower(&self, builder: &mut Builder, _: &Attributes, inputs: &[Register]) -> Result<Register> {
        let &[x] = rule::operands(inputs)?;
        Ok(builder.unary(Unary::Ceil, x))
    }

    fn probe(&self) -> Probe {
        Probe { cases: probe::maps(&FLOATS, 1), kinks: vec![-2.0, -1.0, 0.0, 1.0, 2.0], ..Probe::default() }
    }
}
