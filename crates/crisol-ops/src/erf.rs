//! The error function.

use crate::composite::{scalar_like, square};
use crate::definition::{map, unexpected};
use crate::probe::{self, FLOATS};
use crate::rule::{self, Takes};
use crate::{exp, multiply, negate};
use crisol_ir::kernel::{Builder, Function, Register, math};
use crisol_ir::primitive::Gradients;
use crisol_ir::{Attributes, Graph, Kind, NodeId, Primitive, Probe, Result, TensorType, Value};
use smallvec::smallvec;

/// `y = erf(x)`: `2 / sqrt(pi)` times the integral of `e^(-t^2)` from 0 to `x`.
///
/// Gradient: `g * 2 / sqrt(pi) * e^(-x^2)`.
#[derive(Clone, Copy, Debug)]
pub struct Erf;

/// The operation.
pub static ERF: Erf = Erf;

/// The error function.
///
/// # Errors
/// The type is not a floating point one.
pub fn erf(graph: &mut Graph, x: NodeId) -> Result<NodeId> {
    graph.apply(&ERF, Attributes::none(), &[x])
}

impl Primitive for Erf {
    fn name(&self) -> &'static str {
        "erf"
    }

    fn kind(&self) -> Kind {
        Kind::Map
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        rule::unary(attributes, inputs, Takes::Floats)
    }

    fn define(&self, _: &Attributes, inputs: &[Value]) -> Result<Value> {
        let [x] = rule::operands(inputs)?;
        match x {
            Value::F32(x) => Ok(Value::F32(map(x, |x| Function::Erf.apply(x.into()) as f32))),
            Value::F64(x) => Ok(Value::F64(map(x, |x| Function::Erf.apply(x)))),
            other => Err(unexpected(other)),
        }
    }

    fn gradient(&self, graph: &mut Graph, node: NodeId, gradient: NodeId) -> Result<Gradients> {
        let x = graph.node(node).inputs[0];
        let square = square(graph, x)?;
        let power = negate(graph, square)?;
        let bell = exp(graph, power)?;
        let height = scalar_like(graph, x, std::f64::consts::FRAC_2_SQRT_PI);
        let slope = multiply(graph, height, bell)?;
        Ok(smallvec![Some(multiply(graph, gradient, slope)?)])
    }

    fn lower(&self, builder: &mut Builder, _: &Attributes, inputs: &[Register]) -> Result<Register> {
        let &[x] = rule::operands(inputs)?;
        Ok(math::erf(builder, x))
    }

    fn probe(&self) -> Probe {
        Probe { cases: probe::maps(&FLOATS, 1), range: (-4.0, 4.0), ulps: math::ERF_ULPS + 1.0, ..Probe::default() }
    }
}
