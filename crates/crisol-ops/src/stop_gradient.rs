//! The identity, which no gradient passes.

use crate::{probe, rule};
use crisol_ir::primitive::Gradients;
use crisol_ir::{Attributes, DType, Graph, Kind, Layout, NodeId, Primitive, Probe, Result, TensorType, Value};
use smallvec::smallvec;

/// `y = x`.
///
/// Gradient: none, which is the purpose.
#[derive(Clone, Copy, Debug)]
pub struct StopGradient;

/// The operation.
pub static STOP_GRADIENT: StopGradient = StopGradient;

/// `x`, taken as a constant by whoever differentiates.
///
/// # Errors
/// None for any node of the graph.
pub fn stop_gradient(graph: &mut Graph, x: NodeId) -> Result<NodeId> {
    graph.apply(&STOP_GRADIENT, Attributes::none(), &[x])
}

impl Primitive for StopGradient {
    fn name(&self) -> &'static str {
        "stop_gradient"
    }

    fn kind(&self) -> Kind {
        Kind::View
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        rule::unary(attributes, inputs, rule::Takes::Any)
    }

    fn define(&self, _: &Attributes, inputs: &[Value]) -> Result<Value> {
        let [x] = rule::operands(inputs)?;
        Ok(x.clone())
    }

    fn gradient(&self, _: &mut Graph, _: NodeId, _: NodeId) -> Result<Gradients> {
        Ok(smallvec![None])
    }

    fn view(&self, _: &Attributes, input: &Layout) -> Option<Layout> {
        Some(*input)
    }

    fn probe(&self) -> Probe {
        Probe { cases: probe::maps(&DType::ALL, 1), ..Probe::default() }
    }
}
