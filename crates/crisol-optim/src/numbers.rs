//! The numbers of one step as tensors, each made once for all parameters.

use crisol_ir::value::Constant;
use crisol_ir::{DType, Value};
use crisol_tensor::Tensor;
use std::cell::RefCell;

/// What [`Step`](crate::transform::Step) hands out.
#[derive(Debug, Default)]
pub(crate) struct Numbers(RefCell<Vec<(DType, u64, Tensor)>>);

impl Numbers {
    /// A value and not a Rust number: 0 and 1 would become part of the graph, and the step that first has them a plan of its own.
    pub(crate) fn scalar(&self, dtype: DType, number: f64) -> Tensor {
        let mut known = self.0.borrow_mut();
        let bits = number.to_bits();
        if let Some((_, _, tensor)) = known.iter().find(|(of, with, _)| *of == dtype && *with == bits) {
            return tensor.clone();
        }
        let tensor = Tensor::from_value(Value::from_constant(Constant::new(dtype, number)));
        known.push((dtype, bits, tensor.clone()));
        tensor
    }
}
