//! Rounding to the nearest.

use crate::composite::zeros_like;
use crate::definition::map_floats;
use crate::probe::{self, FLOATS};
use crate::rule::{self, Takes};
use crisol_ir::kernel::{Builder, Register, Unary};
use crisol_ir::primitive::Gradients;
use crisol_ir::{Attributes, Graph, Kind, NodeId, Primitive, Probe, Result, TensorType, Value};
use smallvec::smallvec;

/// `y` is the integer nearest to `x`, the even one of two that are equally near, as in NumPy.
///
/// Gradient: 0 everywhere, also at the steps, as Keras on JAX.
#[derive(Clone, Copy, Debug)]
pub struct Round;

/// The operation.
pub static ROUND: Round = Round;

/// The integer nearest to `x`, ties to even.
///
/// # Errors
/// The type is not a floating point one.
pub fn round(graph: &mut Graph, x: NodeId) -> Result<NodeId> {
    graph.apply(&ROUND, Attributes::none(), &[x])
}

impl Primitive for Round {
    fn name(&self) -> &'static str {
        "round"
    }

    fn kind(&self) -> Kind {
        Kind::Map
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        rule::unary(attributes, inputs, Takes::Floats)
    }

    fn define(&self, _: &Attributes, inputs: &[Value]) -> Result<Value> {
        map_floats!(inputs, |x| x.round_ties_even())
    }

    fn gradient(&self, graph: &mut Graph, node: NodeId, _: NodeId) -> Result<Gradients> {
        Ok(smallvec![Some(zeros_like(graph, node)?)])
    }

    fn lower(&self, builder: &mut Builder, _: &Attributes, inputs: &[Register]) -> Result<Register> {
        let &[x] = rule::operands(inputs)?;
        Ok(builder.unary(Unary::Round, x))
    }

    fn probe(&self) -> Probe {
        Probe { cases: probe::maps(&FLOATS, 1), kinks: vec![-1.5, -0.5, 0.5, 1.5], ..Probe::default() }
    }
}
