//! The angle of a point.

use crate::broadcast;
use crate::composite::square;
use crate::definition::{unexpected, zip};
use crate::probe::{self, FLOATS};
use crate::rule::{self, Takes};
use crate::{add, divide, multiply, negate};
use crisol_ir::kernel::{Builder, Register, math};
use crisol_ir::primitive::Gradients;
use crisol_ir::{Attributes, Graph, Kind, NodeId, Primitive, Probe, Result, TensorType, Value};
use smallvec::smallvec;

/// `z = atan2(y, x)`: the angle from `-pi` to `pi` of the point `(x, y)`. Zeros and infinities count as limits with
/// their signs, as in C.
///
/// Gradient: `g x / (x^2 + y^2)` to `y` and `-g y / (x^2 + y^2)` to `x`: NaN at the origin, as Keras on JAX.
#[derive(Clone, Copy, Debug)]
pub struct Atan2;

/// The operation.
pub static ATAN2: Atan2 = Atan2;

/// The angle of the point `(x, y)`, broadcast by NumPy's rule.
///
/// # Errors
/// Types that differ or are not floating point ones, or shapes that do not broadcast.
pub fn atan2(graph: &mut Graph, y: NodeId, x: NodeId) -> Result<NodeId> {
    broadcast::binary(graph, &ATAN2, y, x)
}

impl Primitive for Atan2 {
    fn name(&self) -> &'static str {
        "atan2"
    }

    fn kind(&self) -> Kind {
        Kind::Map
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        rule::binary(attributes, inputs, Takes::Floats)
    }

    fn define(&self, _: &Attributes, inputs: &[Value]) -> Result<Value> {
        let [y, x] = rule::operands(inputs)?;
        match (y, x) {
            (Value::F32(y), Value::F32(x)) => Ok(Value::F32(zip(y, x, |y, x| y.atan2(x)))),
            (Value::F64(y), Value::F64(x)) => Ok(Value::F64(zip(y, x, |y, x| y.atan2(x)))),
            (other, _) => Err(unexpected(other)),
        }
    }

    fn gradient(&self, graph: &mut Graph, node: NodeId, gradient: NodeId) -> Result<Gradients> {
        let (y, x) = (graph.node(node).inputs[0], graph.node(node).inputs[1]);
        let (x_square, y_square) = (square(graph, x)?, square(graph, y)?);
        let radius = add(graph, x_square, y_square)?;
        let scaled = divide(graph, gradient, radius)?;
        let to_y = multiply(graph, scaled, x)?;
        let to_x = multiply(graph, scaled, y)?;
        Ok(smallvec![Some(to_y), Some(negate(graph, to_x)?)])
    }

    fn lower(&self, builder: &mut Builder, _: &Attributes, inputs: &[Register]) -> Result<Register> {
        let &[y, x] = rule::operands(inputs)?;
        Ok(math::atan2(builder, y, x))
    }

    fn probe(&self) -> Probe {
        Probe { cases: probe::maps(&FLOATS, 2), range: (0.3, 3.0), ulps: math::ATAN_ULPS + 1.0, ..Probe::default() }
    }
}
