//! Comparison: equal.

use crate::broadcast;
use crate::definition::compare;
use crate::probe;
use crate::rule::{self, Takes};
use crisol_ir::kernel::{Binary, Builder, Comparison, Register, Type, Unary};
use crisol_ir::primitive::Gradients;
use crisol_ir::{Attributes, DType, Graph, Kind, NodeId, Primitive, Probe, Result, TensorType, Value};
use smallvec::smallvec;

/// `y = a == b`, a truth value. NaN equals nothing, not even itself.
///
/// No gradient: a step function.
#[derive(Clone, Copy, Debug)]
pub struct Equal;

/// The operation.
pub static EQUAL: Equal = Equal;

/// `a == b`, broadcast by NumPy's rule.
///
/// # Errors
/// Types that differ, or shapes that do not broadcast.
pub fn equal(graph: &mut Graph, a: NodeId, b: NodeId) -> Result<NodeId> {
    broadcast::binary(graph, &EQUAL, a, b)
}

impl Primitive for Equal {
    fn name(&self) -> &'static str {
        "equal"
    }

    fn kind(&self) -> Kind {
        Kind::Map
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        rule::comparison(attributes, inputs, Takes::Any)
    }

    fn define(&self, _: &Attributes, inputs: &[Value]) -> Result<Value> {
        compare!(inputs, |a, b| a == b)
    }

    fn gradient(&self, _: &mut Graph, _: NodeId, _: NodeId) -> Result<Gradients> {
        Ok(smallvec![None, None])
    }

    fn lower(&self, builder: &mut Builder, _: &Attributes, inputs: &[Register]) -> Result<Register> {
        let &[a, b] = rule::operands(inputs)?;
        if builder.ty(a) == Type::Mask {
            let differ = builder.binary(Binary::Xor, a, b);
            return Ok(builder.unary(Unary::Not, differ));
        }
        Ok(builder.compare(Comparison::Equal, a, b))
    }

    fn probe(&self) -> Probe {
        Probe { cases: probe::maps(&DType::ALL, 2), ..Probe::default() }
    }
}
