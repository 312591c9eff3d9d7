//! Change of sign.

use crate::definition::{map, unexpected};
use crate::probe::{self, NUMBERS};
use crate::rule::{self, Takes};
use crisol_ir::kernel::{Builder, Register, Unary};
use crisol_ir::primitive::Gradients;
use crisol_ir::{Attributes, Graph, Kind, NodeId, Primitive, Probe, Result, TensorType, Value};
use smallvec::smallvec;

/// `y = -x`; integers wrap.
///
/// Gradient: `-g`.
#[derive(Clone, Copy, Debug)]
pub struct Negate;

/// The operation.
pub static NEGATE: Negate = Negate;

/// `-x`.
///
/// # Errors
/// The type has no arithmetic.
pub fn negate(graph: &mut Graph, x: NodeId) -> Result<NodeId> {
    graph.apply(&NEGATE, Attributes::none(), &[x])
}

impl Primitive for Negate {
    fn name(&self) -> &'static str {
        "negate"
    }

    fn kind(&self) -> Kind {
        Kind::Map
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        rule::unary(attributes, inputs, Takes::Numbers)
    }

    fn define(&self, _: &Attributes, inputs: &[Value]) -> Result<Value> {
        let [x] = rule::operands(inputs)?;
        match x {
            Value::I32(x) => Ok(Value::I32(map(x, i32::wrapping_neg))),
            Value::I64(x) => Ok(Value::I64(map(x, i64::wrapping_neg))),
            Value::F32(x) => Ok(Value::F32(map(x, |x| -x))),
            Value::F64(x) => Ok(Value::F64(map(x, |x| -x))),
            other => Err(unexpected(other)),
        }
    }

    fn gradient(&self, graph: &mut Graph, _: NodeId, gradient: NodeId) -> Result<Gradients> {
        Ok(smallvec![Some(negate(graph, gradient)?)])
    }

    fn lower(&self, builder: &mut Builder, _: &Attributes, inputs: &[Register]) -> Result<Register> {
        let &[x] = rule::operands(inputs)?;
        Ok(builder.unary(Unary::Negate, x))
    }

    fn probe(&self) -> Probe {
        Probe { cases: probe::maps(&NUMBERS, 1), ..Probe::default() }
    }
}
