//! Bits of both.

use crate::broadcast;
use crate::definition::zip_integers;
use crate::probe::{self, INTEGERS};
use crate::rule::{self, Takes};
use crisol_ir::kernel::{Binary, Builder, Register};
use crisol_ir::primitive::Gradients;
use crisol_ir::{Attributes, Graph, Kind, NodeId, Primitive, Probe, Result, TensorType, Value};
use smallvec::smallvec;

/// `y = a & b`, bit by bit, of integers.
///
/// No gradient: integers carry none.
#[derive(Clone, Copy, Debug)]
pub struct BitwiseAnd;

/// The operation.
pub static BITWISE_AND: BitwiseAnd = BitwiseAnd;

/// `a & b`, bit by bit, broadcast by NumPy's rule.
///
/// # Errors
/// Types that differ or are not integers, or shapes that do not broadcast.
pub fn bitwise_and(graph: &mut Graph, a: NodeId, b: NodeId) -> Result<NodeId> {
    broadcast::binary(graph, &BITWISE_AND, a, b)
}

impl Primitive for BitwiseAnd {
    fn name(&self) -> &'static str {
        "bitwise_and"
    }

    fn kind(&self) -> Kind {
        Kind::Map
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        rule::binary(attributes, inputs, Takes::Integers)
    }

    fn define(&self, _: &Attributes, inputs: &[Value]) -> Result<Value> {
        zip_integers!(inputs, |a, b| a & b)
    }

    fn gradient(&self, _: &mut Graph, _: NodeId, _: NodeId) -> Result<Gradients> {
        Ok(smallvec![None, None])
    }

    fn lower(&self, builder: &mut Builder, _: &Attributes, inputs: &[Register]) -> Result<Register> {
        let &[a, b] = rule::operands(inputs)?;
        Ok(builder.binary(Binary::And, a, b))
    }

    fn probe(&self) -> Probe {
        Probe { cases: probe::maps(&INTEGERS, 2), ..Probe::default() }
    }
}
