//! What may stand beside a tensor in an operation: another tensor, or a Rust number of whatever type the tensor has.

use crate::tensor::Tensor;
use crisol_ir::Result;

/// A tensor or a Rust number. Numbers are weakly typed: they take the element type of the tensor they meet.
pub trait Operand {
    /// The operand as a tensor, a number in the element type of `like`.
    fn to_tensor(&self, like: &Tensor) -> Tensor;

    /// The number, if it is one.
    fn as_number(&self) -> Option<f64> {
        None
    }
}

impl Operand for Tensor {
    fn to_tensor(&self, _like: &Tensor) -> Tensor {
        self.clone()
    }
}

impl Operand for &Tensor {
    fn to_tensor(&self, _like: &Tensor) -> Tensor {
        (*self).clone()
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Operand for $number {
            fn to_tensor(&self, like: &Tensor) -> Tensor {
                number(*self as f64, like)
            }

            fn as_number(&self) -> Option<f64> {
                Some(*self as f64)
            }
        }
    )*};
}
numbers!(f32, f64, i32, i64, u8, usize);

fn number(number: f64, like: &Tensor) -> Tensor {
    let make = || -> Result<Tensor> { Ok(Tensor::scalar(like.dtype()?, number)) };
    make().into()
}
