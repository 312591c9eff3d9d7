//! The softplus function.

use crate::definition::map_floats;
use crate::probe::{self, FLOATS};
use crate::rule::{self, Takes};
use crate::{multiply, sigmoid};
use crisol_ir::kernel::{Builder, Register, math};
use crisol_ir::primitive::Gradients;
use crisol_ir::{Attributes, Graph, Kind, NodeId, Primitive, Probe, Result, TensorType, Value};
use smallvec::smallvec;

/// `y = ln(1 + e^x)`, computed as `max(x, 0) + log1p(e^-|x|)`: no overflow, and both tails exact in relative terms.
///
/// Gradient: `g * sigmoid(x)`. That is why it is an operation of its own: the gradient of the formula would be wrong at
/// 0.
#[derive(Clone, Copy, Debug)]
pub struct Softplus;

/// The operation.
pub static SOFTPLUS: Softplus = Softplus;

/// `ln(1 + e^x)` without overflow.
///
/// # Errors
/// The type is not a floating point one.
pub fn softplus(graph: &mut Graph, x: NodeId) -> Result<NodeId> {
    graph.apply(&SOFTPLUS, Attributes::none(), &[x])
}

impl Primitive for Softplus {
    fn name(&self) -> &'static str {
        "softplus"
    }

    fn kind(&self) -> Kind {
        Kind::Map
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        rule::unary(attributes, inputs, Takes::Floats)
    }

    fn define(&self, _: &Attributes, inputs: &[Value]) -> Result<Value> {
        // `max` would lose a NaN.
        map_floats!(inputs, |x| if x < 0.0 { 0.0 } else { x } + (-x.abs()).exp().ln_1p())
    }

    fn gradient(&self, graph: &mut Graph, node: NodeId, gradient: NodeId) -> Result<Gradients> {
        let x = graph.node(node).inputs[0];
        let slope = sigmoid(graph, x)?;
        Ok(smallvec![Some(multiply(graph, gradient, slope)?)])
    }

    fn lower(&self, builder: &mut Builder, _: &Attributes, inputs: &[Register]) -> Result<Register> {
        let &[x] = rule::operands(inputs)?;
        Ok(math::softplus(builder, x))
    }

    fn probe(&self) -> Probe {
        Probe {
            cases: probe::maps(&FLOATS, 1),
            range: (-8.0, 8.0),
            ulps: math::SOFTPLUS_ULPS + 1.0,
            ..Probe::default()
        }
    }
}
