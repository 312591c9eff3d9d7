//! Comparison: not equal.

use crate::broadcast;
use crate::definition::compare;
use crate::probe;
use crate::rule::{self, Takes};
use crisol_ir::kernel::{Binary, Builder, Comparison, Register, Type};
use crisol_ir::primitive::Gradients;
use crisol_ir::{Attributes, DType, Graph, Kind, NodeId, Primitive, Probe, Result, TensorType, Value};
use smallvec::smallvec;

/// `y = a != b`, a truth value. NaN differs from everything, also from itself.
///
/// No gradient: a step function.
#[derive(Clone, Copy, Debug)]
pub struct NotEqual;

/// The operation.
pub static NOT_EQUAL: NotEqual = NotEqual;

/// `a != b`, broadcast by NumPy's rule.
///
/// # Errors
/// Types that differ, or shapes that do not broadcast.
pub fn not_equal(graph: &mut Graph, a: NodeId, b: NodeId) -> Result<NodeId> {
    broadcast::binary(graph, &NOT_EQUAL, a, b)
}

impl Primitive for NotEqual {
    fn name(&self) -> &'static str {
        "not_equal"
    }

    fn kind(&self) -> Kind {
        Kind::Map
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        rule::comparison(attributes, inputs, Takes::Any)
    }

    fn define(&self, _: &Attributes, inputs: &[Value]) -> Result<Value> {
        compare!(inputs, |a, b| a != b)
    }

    fn gradient(&self, _: &mut Graph, _: NodeId, _: NodeId) -> Result<Gradients> {
        Ok(smallvec![None, None])
    }

    fn lower(&self, builder: &mut Builder, _: &Attributes, inputs: &[Register]) -> Result<Register> {
        let &[a, b] = rule::operands(inputs)?;
        if builder.ty(a) == Type::Mask {
            return Ok(builder.binary(Binary::Xor, a, b));
        }
        Ok(builder.compare(Comparison::NotEqual, a, b))
    }

    fn probe(&self) -> Probe {
        Probe { cases: probe::maps(&DType::ALL, 2), ..Probe::default() }
    }
}
