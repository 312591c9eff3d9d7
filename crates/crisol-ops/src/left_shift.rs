//! Bits moved up.

use crate::broadcast;
use crate::definition::zip_integers;
use crate::probe::{self, INTEGERS};
use crate::right_shift::is_inside;
use crate::rule::{self, Takes};
use crisol_ir::kernel::{Binary, Builder, Register};
use crisol_ir::primitive::Gradients;
use crisol_ir::{Attributes, Graph, Kind, NodeId, Primitive, Probe, Result, TensorType, Value};
use smallvec::smallvec;

/// `y = a << b`, of integers: `a * 2^b`, wrapping; 0 for a count below 0 or of the width and more, as in NumPy.
///
/// No gradient: integers carry none.
#[derive(Clone, Copy, Debug)]
pub struct LeftShift;

/// The operation.
pub static LEFT_SHIFT: LeftShift = LeftShift;

/// `a << b`, broadcast by NumPy's rule.
///
/// # Errors
/// Types that differ or are not integers, or shapes that do not broadcast.
pub fn left_shift(graph: &mut Graph, a: NodeId, b: NodeId) -> Result<NodeId> {
    broadcast::binary(graph, &LEFT_SHIFT, a, b)
}

impl Primitive for LeftShift {
    fn name(&self) -> &'static str {
        "left_shift"
    }

    fn kind(&self) -> Kind {
        Kind::Map
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        rule::binary(attributes, inputs, Takes::Integers)
    }

    #[allow(clippy::useless_conversion)] // of the widest type
    fn define(&self, _: &Attributes, inputs: &[Value]) -> Result<Value> {
        zip_integers!(inputs, |a, b| match u32::try_from(i64::from(b)) {
            Ok(count) => a.checked_shl(count).unwrap_or(0),
            Err(_) => 0,
        })
    }

    fn gradient(&self, _: &mut Graph, _: NodeId, _: NodeId) -> Result<Gradients> {
        Ok(smallvec![None, None])
    }

    fn lower(&self, builder: &mut Builder, _: &Attributes, inputs: &[Register]) -> Result<Register> {
        let &[a, b] = rule::operands(inputs)?;
        let shifted = builder.binary(Binary::ShiftLeft, a, b);
        let zero = builder.constant_like(a, 0.0);
        let inside = is_inside(builder, b);
        Ok(builder.select(inside, shifted, zero))
    }

    fn probe(&self) -> Probe {
        Probe { cases: probe::maps(&INTEGERS, 2), ..Probe::default() }
    }
}
