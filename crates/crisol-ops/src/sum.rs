//! Sums over axes.

use crate::composite::restore_axes;
use crate::definition::{narrow, wide};
use crate::probe::{self, NUMBERS};
use crate::reduction;
use crate::rule::{self, Takes};
use crisol_ir::primitive::{Gradients, Reduction};
use crisol_ir::{Attributes, Graph, Kind, NodeId, Primitive, Probe, Result, TensorType, Value};
use smallvec::smallvec;

/// `y = sum of x` over axes, which vanish from the shape; 0 over an empty axis; integers wrap.
///
/// Settings: the axes, in order. Gradient: `g` repeated along them.
///
/// The definition of `float32` sums in double precision; fast code sums in a fixed order of its own, and is within the
/// usual bound of it: units in the last place of the sum of absolute values.
#[derive(Clone, Copy, Debug)]
pub struct Sum;

/// The operation.
pub static SUM: Sum = Sum;

/// The sum over `axes`, which vanish from the shape; negative ones count from the end. Over no axes: `x` itself.
///
/// # Errors
/// The type has no arithmetic, or an axis does not exist or is named twice.
pub fn sum(graph: &mut Graph, x: NodeId, axes: &[isize]) -> Result<NodeId> {
    reduction::apply(graph, &SUM, x, axes)
}

impl Primitive for Sum {
    fn name(&self) -> &'static str {
        "sum"
    }

    fn kind(&self) -> Kind {
        Kind::Reduce(Reduction::Sum)
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        reduction::infer(attributes, inputs, Takes::Numbers)
    }

    fn define(&self, attributes: &Attributes, inputs: &[Value]) -> Result<Value> {
        let [x] = rule::operands(inputs)?;
        let axes = reduction::axes(attributes, x.shape()?)?;
        match x {
            Value::I32(x) => Ok(Value::I32(reduction::fold(x, &axes, 0, &i32::wrapping_add))),
            Value::I64(x) => Ok(Value::I64(reduction::fold(x, &axes, 0, &i64::wrapping_add))),
            x => Ok(narrow(reduction::fold(&wide(x)?, &axes, 0.0, &|sum, x| sum + x), x.dtype())),
        }
    }

    fn gradient(&self, graph: &mut Graph, node: NodeId, gradient: NodeId) -> Result<Gradients> {
        let shape = graph.ty(graph.node(node).inputs[0]).shape;
        let axes = rule::attributes(graph, node)?.to_sizes();
        Ok(smallvec![Some(restore_axes(graph, gradient, shape, &axes)?)])
    }

    fn probe(&self) -> Probe {
        let mut cases = reduction::cases(&NUMBERS);
        cases.push((Attributes::sizes(&[1]), vec![probe::ty(NUMBERS[2], &[2, 0])]));
        Probe { cases, ulps: 8.0, ..Probe::default() }
    }
}
