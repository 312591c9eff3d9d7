//! What a division rounded down leaves.

use crate::broadcast;
use crate::definition::zip_numbers;
use crate::probe::{self, ORDERED};
use crate::rule::{self, Takes};
use crate::{floor_divide, multiply, negate};
use crisol_ir::kernel::{Binary, BinaryFunction, Builder, Comparison, Register, Type, Unary};
use crisol_ir::primitive::Gradients;
use crisol_ir::{Attributes, Graph, Kind, NodeId, Primitive, Probe, Result, TensorType, Value};
use smallvec::smallvec;

/// `y = a - b * floor(a / b)`, with the sign of `b`, as in Python and NumPy: `7 % 3 = 1`, `-7 % 3 = 2`, `7 % -3 = -2`.
///
/// Integers over 0 give 0, as in NumPy. Floats: `fmod`, which is exact, plus `b` where the signs differ; a zero has the
/// sign of `b`; NaN over 0 and for an infinite `a`. Gradient: `g` to `a`, `-g * floor(a / b)` to `b`.
#[derive(Clone, Copy, Debug)]
pub struct Remainder;

/// The operation.
pub static REMAINDER: Remainder = Remainder;

/// `a - b * floor(a / b)`, with the sign of `b`, broadcast by NumPy's rule.
///
/// # Errors
/// Types that differ or are truth values, or shapes that do not broadcast.
pub fn remainder(graph: &mut Graph, a: NodeId, b: NodeId) -> Result<NodeId> {
    broadcast::binary(graph, &REMAINDER, a, b)
}

/// `floor(a / b)` and what it leaves.
pub(crate) fn quotient_and_remainder(builder: &mut Builder, a: Register, b: Register) -> (Register, Register) {
    let ty = builder.ty(a);
    let (zero, one) = (builder.constant(ty, 0.0), builder.constant(ty, 1.0));
    let none = builder.compare(Comparison::Equal, b, zero);
    // Towards zero first. Floats: the exact remainder is one of double precision too.
    let (quotient, rest) = if ty.is_float() {
        let (wide_a, wide_b) = (builder.convert(a, Type::F64), builder.convert(b, Type::F64));
        let rest = builder.call_binary(BinaryFunction::Remainder, wide_a, wide_b);
        let rest = builder.convert(rest, ty);
        let multiple = builder.subtract(a, rest);
        (builder.divide(multiple, b), rest)
    } else {
        let quotient = builder.divide(a, b);
        let multiple = builder.multiply(quotient, b);
        let rest = builder.subtract(a, multiple);
        (quotient, builder.select(none, zero, rest))
    };
    // One less where something is left and its sign is not the divisor's.
    let left = builder.compare(Comparison::NotEqual, rest, zero);
    let negative = builder.compare(Comparison::Less, rest, zero);
    let other_negative = builder.compare(Comparison::Less, b, zero);
    let differ = builder.binary(Binary::Xor, negative, other_negative);
    let down = builder.binary(Binary::And, left, differ);
    let less = builder.subtract(quotient, one);
    let quotient = builder.select(down, less, quotient);
    let more = builder.add(rest, b);
    let rest = builder.select(down, more, rest);
    if !ty.is_float() {
        return (quotient, rest);
    }
    let plain = builder.divide(a, b);
    let quotient = builder.unary(Unary::Round, quotient);
    let is_zero = builder.compare(Comparison::Equal, quotient, zero);
    let signed = builder.multiply(zero, a);
    let signed = builder.divide(signed, b);
    let quotient = builder.select(is_zero, signed, quotient);
    let quotient = builder.select(none, plain, quotient);
    let even = builder.compare(Comparison::Equal, rest, zero);
    let minus_zero = builder.constant(ty, -0.0);
    let signed = builder.select(other_negative, minus_zero, zero);
    (quotient, builder.select(even, signed, rest))
}

impl Primitive for Remainder {
    fn name(&self) -> &'static str {
        "remainder"
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
            |a, b| match a % b {
                rest if rest == 0.0 => rest.abs().copysign(b),
                rest if (rest < 0.0) != (b < 0.0) => rest + b,
                rest => rest,
            },
            |a, b| match b {
                0 => 0,
                b => {
                    let rest = a.wrapping_rem(b);
                    if rest != 0 && (rest > 0) != (b > 0) { rest + b } else { rest }
                }
            }
        )
    }

    fn gradient(&self, graph: &mut Graph, node: NodeId, gradient: NodeId) -> Result<Gradients> {
        let (a, b) = (graph.node(node).inputs[0], graph.node(node).inputs[1]);
        let quotient = floor_divide(graph, a, b)?;
        let to_b = multiply(graph, gradient, quotient)?;
        Ok(smallvec![Some(gradient), Some(negate(graph, to_b)?)])
    }

    fn lower(&self, builder: &mut Builder, _: &Attributes, inputs: &[Register]) -> Result<Register> {
        let &[a, b] = rule::operands(inputs)?;
        Ok(quotient_and_remainder(builder, a, b).1)
    }

    fn probe(&self) -> Probe {
        Probe { cases: probe::maps(&ORDERED, 2), range: (0.3, 3.0), ..Probe::default() }
    }
}
