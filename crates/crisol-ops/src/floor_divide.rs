//! Division rounded down.

use crate::broadcast;
use crate::composite::zeros_like;
use crate::definition::zip_numbers;
use crate::probe::{self, ORDERED};
use crate::remainder::quotient_and_remainder;
use crate::rule::{self, Takes};
use crisol_ir::kernel::{Builder, Register};
use crisol_ir::primitive::Gradients;
use crisol_ir::{Attributes, Graph, Kind, NodeId, Primitive, Probe, Result, TensorType, Value};
use smallvec::smallvec;

/// `y = floor(a / b)`, the quotient that belongs to [`remainder`](crate::remainder()): `7 // 2 = 3`, `-7 // 2 = -4`, `7
/// // -2 = -4`.
///
/// Integers divided by 0 give 0, as in NumPy, and the most negative one over -1 is itself. Floats: the quotient is that
/// of `a - remainder`, exact where it has 24 bits (53 in double precision), so that `1 // 0.1` is 9; over 0 as `a / b`.
/// Gradient: 0, a step function, as Keras on JAX.
#[derive(Clone, Copy, Debug)]
pub struct FloorDivide;

/// The operation.
pub static FLOOR_DIVIDE: FloorDivide = FloorDivide;

/// `floor(a / b)`, broadcast by NumPy's rule.
///
/// # Errors
/// Types that differ or are truth values, or shapes that do not broadcast.
pub fn floor_divide(graph: &mut Graph, a: NodeId, b: NodeId) -> Result<NodeId> {
    broadcast::binary(graph, &FLOOR_DIVIDE, a, b)
}

impl Primitive for FloorDivide {
    fn name(&self) -> &'static str {
        "floor_divide"
    }

    fn kind(&self) -> Kind {
        Kind::Map
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        rule::binary(attributes, inputs, Takes::Ordered)
    }

    fn define(&self, _: &Attributes, inputs: &[Value]) -> Result<Value> {
        zip_numbers!(
            inputs,
            |a, b| {
                let rest = a % b;
                let down = rest != 0.0 && (rest < 0.0) != (b < 0.0);
                let quotient = (a - rest) / b - if down { 1.0 } else { 0.0 };
                match quotient.round_ties_even() {
                    _ if b == 0.0 => a / b,
                    0.0 => (0.0 * a) / b,
                    whole => whole,
                }
            },
            |a, b| {
                let quotient = a.checked_div(b).unwrap_or(if b == 0 { 0 } else { a });
                let rest = if b == 0 { 0 } else { a.wrapping_rem(b) };
                let down = rest != 0 && (rest > 0) != (b > 0);
                quotient - if down { 1 } else { 0 }
            }
        )
    }

    fn gradient(&self, graph: &mut Graph, node: NodeId, _: NodeId) -> Result<Gradients> {
        let zero = zeros_like(graph, node)?;
        Ok(smallvec![Some(zero), Some(zero)])
    }

    fn lower(&self, builder: &mut Builder, _: &Attributes, inputs: &[Register]) -> Result<Register> {
        let &[a, b] = rule::operands(inputs)?;
        Ok(quotient_and_remainder(builder, a, b).0)
    }

    fn probe(&self) -> Probe {
        Probe { cases: probe::maps(&ORDERED, 2), range: (0.3, 3.0), ..Probe::default() }
    }
}
