//! Logical not.

use crate::definition::{map, unexpected};
use crate::probe;
use crate::rule::{self, Takes};
use crisol_ir::kernel::{Builder, Register, Unary};
use crisol_ir::primitive::Gradients;
use crisol_ir::{Attributes, DType, Graph, Kind, NodeId, Primitive, Probe, Result, TensorType, Value};
use smallvec::smallvec;

/// `y = !x` of truth values.
///
/// No gradient: a step function.
#[derive(Clone, Copy, Debug)]
pub struct LogicalNot;

/// The operation.
pub static LOGICAL_NOT: LogicalNot = LogicalNot;

/// `!x` of truth values.
///
/// # Errors
/// The input is not of truth values.
pub fn logical_not(graph: &mut Graph, x: NodeId) -> Result<NodeId> {
    graph.apply(&LOGICAL_NOT, Attributes::none(), &[x])
}

impl Primitive for LogicalNot {
    fn name(&self) -> &'static str {
        "logical_not"
    }

    fn kind(&self) -> Kind {
        Kind::Map
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        rule::unary(attributes, inputs, Takes::Bools)
    }

    fn define(&self, _: &Attributes, inputs: &[Value]) -> Result<Value> {
        let [x] = rule::operands(inputs)?;
        match x {
            Value::Bool(x) => Ok(Value::Bool(map(x, |x| !x))),
            other => Err(unexpected(other)),
        }
    }

    fn gradient(&self, _: &mut Graph, _: NodeId, _: NodeId) -> Result<Gradients> {
        Ok(smallvec![None])
    }

    fn lower(&self, builder: &mut Builder, _: &Attributes, inputs: &[Register]) -> Result<Register> {
        let &[x] = rule::operands(inputs)?;
        Ok(builder.unary(Unary::Not, x))
    }

    fn probe(&self) -> Probe {
        Probe { cases: probe::maps(&[DType::Bool], 1), ..Probe::default() }
    }
}
