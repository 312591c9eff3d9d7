//! The sign.

use crate::composite::zeros_like;
use crate::definition::{map, unexpected};
use crate::probe::{self, NUMBERS};
use crate::rule::{self, Takes};
use crisol_ir::kernel::{Builder, Comparison, Register};
use crisol_ir::primitive::Gradients;
use crisol_ir::{Attributes, Graph, Kind, NodeId, Primitive, Probe, Result, TensorType, Value};
use smallvec::smallvec;

/// `y` is 1 where `x > 0`, -1 where `x < 0`, and `x` itself where it is 0 (with its sign) or NaN.
///
/// Gradient: 0 everywhere, also at 0, as Keras on JAX.
#[derive(Clone, Copy, Debug)]
pub struct Sign;

/// The operation.
pub static SIGN: Sign = Sign;

/// 1 for positive numbers, -1 for negative ones, and 0 for 0.
///
/// # Errors
/// The type has no arithmetic.
pub fn sign(graph: &mut Graph, x: NodeId) -> Result<NodeId> {
    graph.apply(&SIGN, Attributes::none(), &[x])
}

impl Primitive for Sign {
    fn name(&self) -> &'static str {
        "sign"
    }

    fn kind(&self) -> Kind {
        Kind::Map
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        rule::unary(attributes, inputs, Takes::Numbers)
    }

    fn define(&self, _: &Attributes, inputs: &[Value]) -> Result<Value> {
        let [x] = rule::operands(inputs)?;
        macro_rules! signs {
            ($variant:ident, $x:expr, $one:expr, $zero:expr) => {
                Ok(Value::$variant(map($x, |x| match x {
                    x if x > $zero => $one,
                    x if x < $zero => -$one,
                    x => x,
                })))
            };
        }
        match x {
            Value::I32(x) => signs!(I32, x, 1, 0),
            Value::I64(x) => signs!(I64, x, 1, 0),
            Value::F32(x) => signs!(F32, x, 1.0, 0.0),
            Value::F64(x) => signs!(F64, x, 1.0, 0.0),
            other => Err(unexpected(other)),
        }
    }

    fn gradient(&self, graph: &mut Graph, node: NodeId, _: NodeId) -> Result<Gradients> {
        Ok(smallvec![Some(zeros_like(graph, node)?)])
    }

    fn lower(&self, builder: &mut Builder, _: &Attributes, inputs: &[Register]) -> Result<Register> {
        let &[x] = rule::operands(inputs)?;
        let [zero, one, minus_one] = [0.0, 1.0, -1.0].map(|number| builder.constant_like(x, number));
        let negative = builder.compare(Comparison::Less, x, zero);
        let sign = builder.select(negative, minus_one, x);
        let positive = builder.compare(Comparison::Greater, x, zero);
        Ok(builder.select(positive, one, sign))
    }

    fn probe(&self) -> Probe {
        Probe { cases: probe::maps(&NUMBERS, 1), kinks: vec![0.0], ..Probe::default() }
    }
}
