//! The largest element over axes.

use crate::definition::unexpected;
use crate::probe::ORDERED;
use crate::reduction;
use crate::rule;
use crisol_ir::primitive::{Gradients, Reduction};
use crisol_ir::{Attributes, Graph, Kind, NodeId, Primitive, Probe, Result, TensorType, Value};

/// `y = max of x` over axes, which vanish from the shape; NaN wins.
///
/// Settings: the axes, in order. Gradient: `g` to the largest element, in equal shares to several, as Keras on JAX; NaN
/// where `y` is NaN.
#[derive(Clone, Copy, Debug)]
pub struct Max;

/// The operation.
pub static MAX: Max = Max;

/// The largest element over `axes`, which vanish from the shape; negative ones count from the end. Over no axes: `x` itself.
///
/// # Errors
/// The type has no order, or an axis does not exist, is named twice or is empty.
pub fn max(graph: &mut Graph, x: NodeId, axes: &[isize]) -> Result<NodeId> {
    reduction::apply(graph, &MAX, x, axes)
}

impl Primitive for Max {
    fn name(&self) -> &'static str {
        "max"
    }

    fn kind(&self) -> Kind {
        Kind::Reduce(Reduction::Max)
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        reduction::infer_extreme(attributes, inputs, "largest")
    }

    fn define(&self, attributes: &Attributes, inputs: &[Value]) -> Result<Value> {
        let [x] = rule::operands(inputs)?;
        let axes = reduction::axes(attributes, x.shape()?)?;
        macro_rules! largest {
            ($variant:ident, $x:expr, $lowest:expr, $wins:expr) => {{
                let wins = $wins;
                let fold = reduction::fold($x, &axes, $lowest, &|a, b| if wins(a, b) { a } else { b });
                Ok(Value::$variant(fold))
            }};
        }
        match x {
            Value::U8(x) => largest!(U8, x, u8::MIN, |a, b| a > b),
            Value::I32(x) => largest!(I32, x, i32::MIN, |a, b| a > b),
            Value::I64(x) => largest!(I64, x, i64::MIN, |a, b| a > b),
            Value::F32(x) => largest!(F32, x, f32::NEG_INFINITY, |a: f32, b| a > b || a.is_nan()),
            Value::F64(x) => largest!(F64, x, f64::NEG_INFINITY, |a: f64, b| a > b || a.is_nan()),
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
