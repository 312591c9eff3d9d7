//! Comparison: less.

use crate::broadcast;
use crate::definition::compare;
use crate::probe::{self, ORDERED};
use crate::rule::{self, Takes};
use crisol_ir::kernel::{Builder, Comparison, Register};
use crisol_ir::primitive::Gradients;
use crisol_ir::{Attributes, Graph, Kind, NodeId, Primitive, Probe, Result, TensorType, Value};
use smallvec::smallvec;

/// `y = a < b`, a truth value. False where either is NaN.
///
/// No gradient: a step function.
#[derive(Clone, Copy, Debug)]
pub struct Less;

/// The operation.
pub static LESS: Less = Less;

/// `a < b`, broadcast by NumPy's rule.
///
/// # Errors
/// Types that differ or have no order, or shapes that do not broadcast.
pub fn less(graph: &mut Graph, a: NodeId, b: NodeId) -> Result<NodeId> {
    broadcast::binary(graph, &LESS, a, b)
}

impl Primitive for Less {
    fn name(&self) -> &'static str {
        "less"
    }

    fn kind(&self) -> Kind {
        Kind::Map
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        rule::comparison(attributes, inputs, Takes::Ordered)
    }

    fn define(&self, _: &Attributes, inputs: &[Value]) -> Result<Value> {
        compare!(inputs, |a, b| a < b)
    }

    fn gradient(&self, _: &mut Graph, _: NodeId, _: NodeId) -> Result<Gradients> {
        Ok(smallvec![None, None])
    }

    fn lower(&self, builder: &mut Builder, _: &Attributes, inputs: &[Register]) -> Result<Register> {
        let &[a, b] = rule::operands(inputs)?;
        Ok(builder.compare(Comparison::Less, a, b))
    }

    fn probe(&self) -> Probe {
        Probe { cases: probe::maps(&ORDERED, 2), ..Probe::default() }
    }
}
