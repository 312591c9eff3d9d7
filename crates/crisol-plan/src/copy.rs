//! The one primitive that planning adds: the same elements in memory of their own.

use crisol_ir::kernel::{Builder, Register};
use crisol_ir::primitive::Gradients;
use crisol_ir::{
    Attributes, DType, Error, ErrorKind, Graph, Kind, NodeId, Primitive, Probe, Result, Shape, TensorType, Value,
};

/// `y = x`, where a view's strides cannot be used as they are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Copy;

/// The operation.
pub(crate) static COPY: Copy = Copy;

fn only<T>(inputs: &[T]) -> Result<&T> {
    match inputs {
        [x] => Ok(x),
        _ => {
            let message = format!("expected 1 input, given {}", inputs.len());
            Err(Error::new(ErrorKind::Internal, message).operation(COPY.name()))
        }
    }
}

impl Primitive for Copy {
    fn name(&self) -> &'static str {
        "copy"
    }

    fn kind(&self) -> Kind {
        Kind::Map
    }

    fn infer(&self, _: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        only(inputs).copied()
    }

    fn define(&self, _: &Attributes, inputs: &[Value]) -> Result<Value> {
        only(inputs).cloned()
    }

    fn gradient(&self, _: &mut Graph, _: NodeId, _: NodeId) -> Result<Gradients> {
        let message = "exists in plans only, where gradients have been taken already";
        Err(Error::new(ErrorKind::Internal, message).operation(self.name()))
    }

    fn lower(&self, _: &mut Builder, _: &Attributes, inputs: &[Register]) -> Result<Register> {
        only(inputs).copied()
    }

    fn probe(&self) -> Probe {
        let ty = TensorType::new(DType::F32, Shape::SCALAR);
        Probe { cases: vec![(Attributes::none(), vec![ty])], ..Probe::default() }
    }
}
