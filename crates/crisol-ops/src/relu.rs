//! The rectified linear unit.

use crate::composite::zeros_like;
use crate::definition::{map, unexpected};
use crate::probe::{self, NUMBERS};
use crate::rule::{self, Takes};
use crate::{greater, select};
use crisol_ir::kernel::{Binary, Builder, Register};
use crisol_ir::primitive::Gradients;
use crisol_ir::{Attributes, Graph, Kind, NodeId, Primitive, Probe, Result, TensorType, Value};
use smallvec::smallvec;

/// `y = max(0, x)`; NaN stays NaN.
///
/// Gradient: `g` where `y > 0`, else 0: 0 at 0, as Keras on JAX. That is why it is an operation of its own: [`maximum`](crate::maximum())
/// shares the gradient at a tie. The rule reads `y`, so that backward needs the output alone.
#[derive(Clone, Copy, Debug)]
pub struct Relu;

/// The operation.
pub static RELU: Relu = Relu;

/// `max(0, x)`.
///
/// # Errors
/// The type has no arithmetic.
pub fn relu(graph: &mut Graph, x: NodeId) -> Result<NodeId> {
    graph.apply(&RELU, Attributes::none(), &[x])
}

impl Primitive for Relu {
    fn name(&self) -> &'static str {
        "relu"
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
            Value::I32(x) => Ok(Value::I32(map(x, |x| x.max(0)))),
            Value::I64(x) => Ok(Value::I64(map(x, |x| x.max(0)))),
            Value::F32(x) => Ok(Value::F32(map(x, |x| if x <= 0.0 { 0.0 } else { x }))),
            Value::F64(x) => Ok(Value::F64(map(x, |x| if x <= 0.0 { 0.0 } else { x }))),
            other => Err(unexpected(other)),
        }
    }

    fn gradient(&self, graph: &mut Graph, node: NodeId, gradient: NodeId) -> Result<Gradients> {
        let zero = zeros_like(graph, node)?;
        let positive = greater(graph, node, zero)?;
        Ok(smallvec![Some(select(graph, positive, gradient, zero)?)])
    }

    fn lower(&self, builder: &mut Builder, _: &Attributes, inputs: &[Register]) -> Result<Register> {
        let &[x] = rule::operands(inputs)?;
        let zero = builder.constant_like(x, 0.0);
        // The instruction gives its second operand where one is NaN; at -0 either way gives a zero.
        Ok(builder.binary(Binary::Maximum, zero, x))
    }

    fn probe(&self) -> Probe {
        Probe { cases: probe::maps(&NUMBERS, 1), kinks: vec![0.0], ..Probe::default() }
    }
}
