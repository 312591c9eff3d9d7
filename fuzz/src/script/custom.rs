//! An operation from outside that can fail and panic.

use crisol_autograd::CustomOp;
use crisol_ir::{Error, ErrorKind, Result, TensorType, Value, map_value};
use crisol_tensor::Tensor;

/// `2 x`; numbers beyond a thousand make it fail, or panic if it is told to.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Picky {
    pub(super) panics: bool,
}

impl CustomOp for Picky {
    fn name(&self) -> &'static str {
        "picky"
    }

    fn infer(&self, inputs: &[TensorType]) -> Result<TensorType> {
        match inputs {
            [x] if x.dtype.is_float() => Ok(*x),
            _ => Err(Error::new(ErrorKind::DType, format!("expected one float tensor, found {inputs:?}"))),
        }
    }

    fn forward(&self, inputs: &[Value]) -> Result<Value> {
        let Value::F64(numbers) = inputs[0].cast(crisol_ir::DType::F64) else {
            return Err(Error::new(ErrorKind::Internal, "no numbers"));
        };
        if numbers.iter().any(|x| x.abs() > 1e3) {
            if self.panics {
                // Without the message that a panic prints.
                std::panic::resume_unwind(Box::new("picky"));
            }
            return Err(Error::new(ErrorKind::Value, "a number beyond a thousand"));
        }
        Ok(match &inputs[0] {
            Value::F32(x) => Value::F32(x.mapv(|x| x + x)),
            Value::F64(x) => Value::F64(x.mapv(|x| x + x)),
            other => map_value!(other, x => x.clone()),
        })
    }

    fn gradient(&self, _: &[Tensor], _: &Tensor, gradient: &Tensor) -> Result<Vec<Option<Tensor>>> {
        Ok(vec![Some(gradient * 2.0)])
    }
}
