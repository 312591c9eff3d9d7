//! The smallest element over axes.

use crate::definition::unexpected;
use crate::probe::ORDERED;
use crate::reduction;
use crate::rule;
use crisol_ir::primitive::{Gradients, Reduction};
use crisol_ir::{Attributes, Graph, Kind, NodeId, Primitive, Probe, Result, TensorType, Value};

/// `y = min of x` over axes, which vanish from the shape; NaN wins.
///
/// Settings: the axes, in order. Gradient: `g` to the smallest element, in equal shares to several, as Keras on JAX;
/// NaN where `y` is NaN.
#[derive(Clone, Copy, Debug)]
pub struct Min;

/// The operation.
pub static MIN: Min = Min;

/// The smallest element over `axes`, which vanish from the shape; negative ones count from the end. Over no axes: `x`
/// itself.
///
/// # Errors
/// The type has no order, or an axis does not exist, is named twice or is empty.
pub fn min(graph: &mut Graph, x: NodeId, axes: &[isize]) -> Result<NodeId> {
    reduction::apply(graph, &MIN, x, axes)
}

impl Primitive for Min {
    fn name(&self) -> &'static str {
        "min"
    }

    fn kind(&self) -> Kind {
        Kind::Reduce(Reduction::Min)
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        reduction::infer_extreme(attributes, inputs, "smallest")
    }

    fn define(&self, attributes: &Attributes, inputs: &[Value]) -> Result<Value> {
        let [x] = rule::operands(inputs)?;
        let axes = reduction::axes(attributes, x.shape()?)?;
        macro_rules! smallest {
            ($variant:ident, $x:expr, $highest:expr, $wins:expr) => {{
                let wins = $wins;
                let fold = reduction::fold($x, &axes, $highest, &|a, b| if wins(a, b) { a } else { b });
                Ok(Value::$variant(fold))
            }};
        }
        match x {
            Value::U8(x) => smallest!(U8, x, u8::MAX, |a, b| a < b),
            Value::I32(x) => smallest!(I32, x, i32::MAX, |a, b| a < b),
            Value::I64(x) => smallest!(I64, x, i64::MAX, |a, b| a < b),
            Value::F32(x) => smallest!(F32, x, f32::INFINITY, |a: f32, b| a < b || a.is_nan()),
            Value::F64(x) => smallest!(F64, x, f64::INFINITY, |a: f64, b| a < b || a.is_nan()),
            other => Err(unexpected(other)),
        }
    }

    fn gradient(&self, graph: &mut Graph, node: NodeId, gradient: NodeId) -> Result<Gradients> {
        reduction::extreme_gradient(graph, node, gradient)
    }

    fn probe(&self) -> Probe {
        Probe { cases: reduction::cases(&ORDERED), ..Probe::default() }
    }
}
