//! Numbers of a step as tensors.

use crisol_ir::value::Constant;
use crisol_ir::{DType, Value};
use crisol_tensor::Tensor;

/// A number that may change from step to step, as a value and not as a Rust number: 0 and 1 would become part of the graph, and the
/// step that first has them a plan of its own.
pub(crate) fn scalar(dtype: DType, number: f64) -> Tensor {
    Tensor::from_value(Value::from_constant(Constant::new(dtype, number)))
}
