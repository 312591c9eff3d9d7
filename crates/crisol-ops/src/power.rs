//! Powers with exponents of any kind.

use crate::broadcast;
use crate::composite::{ones_like, zeros_like};
use crate::definition::{unexpected, zip};
use crate::probe::{self, FLOATS};
use crate::rule::{self, Takes};
use crate::{equal, log, multiply, select, subtract};
use crisol_ir::kernel::{Builder, Register, math};
use crisol_ir::primitive::Gradients;
use crisol_ir::{Attributes, Graph, Kind, NodeId, Primitive, Probe, Result, TensorType, Value};
use smallvec::smallvec;

/// `y = a^b`, elementwise and with the rules of C: 1 for `b = 0` and for `a = 1` whatever the other is, even NaN; NaN
/// for a finite `a < 0` and a `b` that is no whole number; an odd `b` keeps the sign of `a`.
///
/// For an integer that is part of the program, [`integer_power`](crate::integer_power()) multiplies. Gradient, as Keras
/// on JAX: `g * b * a^(b - 1)` to `a`, 0 where `b = 0`; `g * y * ln(a)` to `b`, with `ln(1)` for `a = 0`: NaN where `a
/// < 0`.
#[derive(Clone, Copy, Debug)]
pub struct Power;

/// The operation.
pub static POWER: Power = Power;

/// `a^b`, broadcast by NumPy's rule.
///
/// # Errors
/// Types that differ or are not floating point ones, or shapes that do not broadcast.
pub fn power(graph: &mut Graph, a: NodeId, b: NodeId) -> Result<NodeId> {
    broadcast::binary(graph, &POWER, a, b)
}

impl Primitive for Power {
    fn name(&self) -> &'static str {
        "power"
    }

    fn kind(&self) -> Kind {
        Kind::Map
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        rule::binary(attributes, inputs, Takes::Floats)
    }

    fn define(&self, _: &Attributes, inputs: &[Value]) -> Result<Value> {
        let [a, b] = rule::operands(inputs)?;
        match (a, b) {
            (Value::F32(a), Value::F32(b)) => Ok(Value::F32(zip(a, b, |a, b| a.powf(b)))),
            (Value::F64(a), Value::F64(b)) => Ok(Value::F64(zip(a, b, |a, b| a.powf(b)))),
            (other, _) => Err(unexpected(other)),
        }
    }

    fn gradient(&self, graph: &mut Graph, node: NodeId, gradient: NodeId) -> Result<Gradients> {
        let (a, b) = (graph.node(node).inputs[0], graph.node(node).inputs[1]);
        let (zero, one) = (zeros_like(graph, a)?, ones_like(graph, a)?);
        let constant = equal(graph, b, zero)?;
        let less = subtract(graph, b, one)?;
        let less = select(graph, constant, one, less)?;
        let lower = power(graph, a, less)?;
        let slope = multiply(graph, b, lower)?;
        let slope = select(graph, constant, zero, slope)?;
        let to_a = multiply(graph, gradient, slope)?;
        let no_base = equal(graph, a, zero)?;
        let base = select(graph, no_base, one, a)?;
        let logarithm = log(graph, base)?;
        let slope = multiply(graph, node, logarithm)?;
        let to_b = multiply(graph, gradient, slope)?;
        Ok(smallvec![Some(to_a), Some(to_b)])
    }

    fn lower(&self, builder: &mut Builder, _: &Attributes, inputs: &[Register]) -> Result<Register> {
        let &[a, b] = rule::operands(inputs)?;
        Ok(math::power(builder, a, b))
    }

    fn probe(&self) -> Probe {
        Probe { cases: probe::maps(&FLOATS, 2), range: (0.3, 3.0), ulps: math::POWER_ULPS + 1.0, ..Probe::default() }
    }
}
