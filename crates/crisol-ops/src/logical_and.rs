//! Logical and.

use crate::broadcast;
use crate::definition::{unexpected, zip};
use crate::probe;
use crate::rule::{self, Takes};
use crisol_ir::kernel::{Binary, Builder, Register};
use crisol_ir::primitive::Gradients;
use crisol_ir::{Attributes, DType, Graph, Kind, NodeId, Primitive, Probe, Result, TensorType, Value};
use smallvec::smallvec;

/// `y = a && b` of truth values.
///
/// No gradient: a step function.
#[derive(Clone, Copy, Debug)]
pub struct LogicalAnd;

/// The operation.
pub static LOGICAL_AND: LogicalAnd = LogicalAnd;

/// `a && b` of truth values, broadcast by NumPy's rule.
///
/// # Errors
/// Inputs that are not truth values, or shapes that do not broadcast.
pub fn logical_and(graph: &mut Graph, a: NodeId, b: NodeId) -> Result<NodeId> {
    broadcast::binary(graph, &LOGICAL_AND, a, b)
}

impl Primitive for LogicalAnd {
    fn name(&self) -> &'static str {
        "logical_and"
    }

    fn kind(&self) -> Kind {
        Kind::Map
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        rule::binary(attributes, inputs, Takes::Bools)
    }

    fn define(&self, _: &Attributes, inputs: &[Value]) -> Result<Value> {
        let [a, b] = rule::operands(inputs)?;
        match (a, b) {
            (Value::Bool(a), Value::Bool(b)) => Ok(Value::Bool(zip(a, b, |a, b| a && b))),
            (other, _) => Err(unexpected(other)),
        }
    }

    fn gradient(&self, _: &mut Graph, _: NodeId, _: NodeId) -> Result<Gradients> {
        Ok(smallvec![None, None])
    }

    fn lower(&self, builder: &mut Builder, _: &Attributes, inputs: &[Register]) -> Result<Register> {
        let &[a, b] = rule::operands(inputs)?;
        Ok(builder.binary(Binary::And, a, b))
    }

    fn probe(&self) -> Probe {
        Probe { cases: probe::maps(&[DType::Bool], 2), ..Probe::default() }
    }
}
