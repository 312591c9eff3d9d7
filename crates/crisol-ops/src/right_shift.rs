//! Bits moved down.

use crate::broadcast;
use crate::definition::zip_integers;
use crate::probe::{self, INTEGERS};
use crate::rule::{self, Takes};
use crisol_ir::kernel::{Binary, Builder, Comparison, Register, Type};
use crisol_ir::primitive::Gradients;
use crisol_ir::{Attributes, Graph, Kind, NodeId, Primitive, Probe, Result, TensorType, Value};
use smallvec::smallvec;

/// `y = a >> b`, of integers, keeping the sign: `floor(a / 2^b)`; for a count below 0 or of the width and more what is
/// left of `a` in the end, 0 or -1, as in NumPy.
///
/// No gradient: integers carry none.
#[derive(Clone, Copy, Debug)]
pub struct RightShift;

/// The operation.
pub static RIGHT_SHIFT: RightShift = RightShift;

/// `a >> b`, broadcast by NumPy's rule.
///
/// # Errors
/// Types that differ or are not integers, or shapes that do not broadcast.
pub fn right_shift(graph: &mut Graph, a: NodeId, b: NodeId) -> Result<NodeId> {
    broadcast::binary(graph, &RIGHT_SHIFT, a, b)
}

/// Whether a shift by this count is one: registers take it modulo their width. Bytes, in registers of 32 bits, lose all
/// by 8 anyway.
pub(crate) fn is_inside(builder: &mut Builder, count: Register) -> Register {
    let width = if builder.ty(count) == Type::I64 { 64.0 } else { 32.0 };
    let (none, width) = (builder.constant_like(count, 0.0), builder.constant_like(count, width));
    let positive = builder.compare(Comparison::GreaterEqual, count, none);
    let small = builder.compare(Comparison::Less, count, width);
    builder.binary(Binary::And, positive, small)
}

impl Primitive for RightShift {
    fn name(&self) -> &'static str {
        "right_shift"
    }

    fn kind(&self) -> Kind {
        Kind::Map
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        rule::binary(attributes, inputs, Takes::Integers)
    }

    #[allow(clippy::useless_conversion)] // of the widest type
    fn define(&self, _: &Attributes, inputs: &[Value]) -> Result<Value> {
        zip_integers!(inputs, |a, b| {
            let count = match i64::from(b) {
                count @ 0..64 => count,
                _ => 63,
            };
            (i64::from(a) >> count) as _
        })
    }

    fn gradient(&self, _: &mut Graph, _: NodeId, _: NodeId) -> Result<Gradients> {
        Ok(smallvec![None, None])
    }

    fn lower(&self, builder: &mut Builder, _: &Attributes, inputs: &[Register]) -> Result<Register> {
        let &[a, b] = rule::operands(inputs)?;
        let shifted = builder.binary(Binary::ShiftRightSigned, a, b);
        let last = builder.constant_like(a, if builder.ty(a) == Type::I64 { 63.0 } else { 31.0 });
        let end = builder.binary(Binary::ShiftRightSigned, a, last);
        let inside = is_inside(builder, b);
        Ok(builder.select(inside, shifted, end))
    }

    fn probe(&self) -> Probe {
        Probe { cases: probe::maps(&INTEGERS, 2), ..Probe::default() }
    }
}
