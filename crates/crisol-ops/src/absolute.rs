//! Absolute value.

use crate::composite::zeros_like;
use crate::definition::{map, unexpected};
use crate::probe::{self, NUMBERS};
use crate::rule::{self, Takes};
use crate::{greater, less, negate, select};
use crisol_ir::kernel::{Builder, Comparison, Register, Unary};
use crisol_ir::primitive::Gradients;
use crisol_ir::{Attributes, Graph, Kind, NodeId, Primitive, Probe, Result, TensorType, Value};
use smallvec::smallvec;

/// `y = |x|`; the most negative integer stays itself.
///
/// Gradient: `g` where `x > 0`, `-g` where `x < 0`, and 0 at 0, as Keras on TensorFlow and PyTorch; on JAX it is `g` at 0.
#[derive(Clone, Copy, Debug)]
pub struct Absolute;

/// The operation.
pub static ABSOLUTE: Absolute = Absolute;

/// `|x|`.
///
/// # Errors
/// The type has no arithmetic.
pub fn absolute(graph: &mut Graph, x: NodeId) -> Result<NodeId> {
    graph.apply(&ABSOLUTE, Attributes::none(), &[x])
}

impl Primitive for Absolute {
    fn name(&self) -> &'static str {
        "absolute"
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
            Value::I32(x) => Ok(Value::I32(map(x, i32::wrapping_abs))),
            Value::I64(x) => Ok(Value::I64(map(x, i64::wrapping_abs))),
            Value::F32(x) => Ok(Value::F32(map(x, f32::abs))),
            Value::F64(x) => Ok(Value::F64(map(x, f64::abs))),
            other => Err(unexpected(other)),
        }
    }

    fn gradient(&self, graph: &mut Graph, node: NodeId, gradient: NodeId) -> Result<Gradients> {
        let x = graph.node(node).inputs[0];
        let zero = zeros_like(graph, x)?;
        let negated = negate(graph, gradient)?;
        let positive = greater(graph, x, zero)?;
        let negative = less(graph, x, zero)?;
        let below = select(graph, negative, negated, zero)?;
        Ok(smallvec![Some(select(graph, positive, gradient, below)?)])
    }

    fn lower(&self, builder: &mut Builder, _: &Attributes, inputs: &[Register]) -> Result<Register> {
        let &[x] = rule::operands(inputs)?;
        if builder.ty(x).is_float() {
            return Ok(builder.unary(Unary::Absolute, x));
        }
        let zero = builder.constant_like(x, 0.0);
        let negative = builder.compare(Comparison::Less, x, zero);
        let negated = builder.unary(Unary::Negate, x);
        Ok(builder.select(negative, negated, x))
    }

    fn probe(&self) -> Probe {
        Probe { cases: probe::maps(&NUMBERS, 1), kinks: vec![0.0], ..Probe::default() }
    }
}
