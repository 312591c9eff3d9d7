//! Square root.

use crate::composite::scalar_like;
use crate::definition::map_floats;
use crate::probe::{self, FLOATS};
use crate::rule::{self, Takes};
use crate::{divide, multiply};
use crisol_ir::kernel::{Builder, Register, Unary};
use crisol_ir::primitive::Gradients;
use crisol_ir::{Attributes, Graph, Kind, NodeId, Primitive, Probe, Result, TensorType, Value};
use smallvec::smallvec;

/// `y = sqrt(x)`, NaN below 0.
///
/// Gradient: `g / (2 y)`, infinite at 0, as Keras on JAX.
#[derive(Clone, Copy, Debug)]
pub struct Sqrt;

/// The operation.
pub static SQRT: Sqrt = Sqrt;

/// `sqrt(x)`.
///
/// # Errors
/// The type is not a floating point one.
pub fn sqrt(graph: &mut Graph, x: NodeId) -> Result<NodeId> {
    graph.apply(&SQRT, Attributes::none(), &[x])
}

impl Primitive for Sqrt {
    fn name(&self) -> &'static str {
        "sqrt"
    }

    fn kind(&self) -> Kind {
        Kind::Map
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        rule::unary(attributes, inputs, Takes::Floats)
    }

    fn define(&self, _: &Attributes, inputs: &[Value]) -> Result<Value> {
        map_floats!(inputs, |x| x.sqrt())
    }

    fn gradient(&self, graph: &mut Graph, node: NodeId, gradient: NodeId) -> Result<Gradients> {
        let two = scalar_like(graph, node, 2.0);
        let twice = multiply(graph, two, node)?;
        Ok(smallvec![Some(divide(graph, gradient, twice)?)])
    }

    fn lower(&self, builder: &mut Builder, _: &Attributes, inputs: &[Register]) -> Result<Register> {
        let &[x] = rule::operands(inputs)?;
        Ok(builder.unary(Unary::SquareRoot, x))
    }

    fn probe(&self) -> Probe {
        Probe { cases: probe::maps(&FLOATS, 1), range: (0.25, 4.0), ..Probe::default() }
    }
}
