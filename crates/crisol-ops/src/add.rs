//! Addition.

use crate::broadcast;
use crate::definition::zip_numbers;
use crate::probe::{self, NUMBERS};
use crate::rule::{self, Takes};
use crisol_ir::kernel::{Builder, Register};
use crisol_ir::primitive::Gradients;
use crisol_ir::{Attributes, Graph, Kind, NodeId, Primitive, Probe, Result, TensorType, Value};
use smallvec::smallvec;

/// `y = a + b`, elementwise; integers wrap.
///
/// Gradient: `g` to both.
#[derive(Clone, Copy, Debug)]
pub struct Add;

/// The operation.
pub static ADD: Add = Add;

/// `a + b`, broadcast by NumPy's rule.
///
/// # Errors
/// Types that differ or have no arithmetic, or shapes that do not broadcast.
pub fn add(graph: &mut Graph, a: NodeId, b: NodeId) -> Result<NodeId> {
    broadcast::binary(graph, &ADD, a, b)
}

impl Primitive for Add {
    fn name(&self) -> &'static str {
        "add"
    }

    fn kind(&self) -> Kind {
        Kind::Map
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        rule::binary(attributes, inputs, Takes::Numbers)
    }

    fn define(&self, _: &Attributes, inputs: &[Value]) -> Result<Value> {
        zip_numbers!(inputs, |a, b| a + b, |a, b| a.wrapping_add(b))
    }

    fn gradient(&self, _: &mut Graph, _: NodeId, gradient: NodeId) -> Result<Gradients> {
        Ok(smallvec![Some(gradient), Some(gradient)])
    }

    fn lower(&self, builder: &mut Builder, _: &Attributes, inputs: &[Register]) -> Result<Register> {
        let &[a, b] = rule::operands(inputs)?;
        Ok(builder.add(a, b))
    }

    fn probe(&self) -> Probe {
        Probe { cases: probe::maps(&NUMBERS, 2), ..Probe::default() }
    }
}
