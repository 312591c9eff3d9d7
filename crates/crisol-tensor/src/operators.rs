//! `+ - * /` and unary minus between tensors, references to tensors and Rust numbers.

use crate::operand::Operand;
use crate::recorder::record;
use crate::tensor::Tensor;
use crisol_ir::{DType, Graph, NodeId, Result};
use std::iter::Sum;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// Records an operation of two operands that broadcast.
#[track_caller]
pub(crate) fn binary(a: &Tensor, b: &Tensor, operation: fn(&mut Graph, NodeId, NodeId) -> Result<NodeId>) -> Tensor {
    record(&[a, b], |graph, x| operation(graph, x[0], x[1]))
}

macro_rules! arithmetic {
    ($($operator:ident $method:ident $operation:path),*) => {$(
        impl<T: Operand> $operator<T> for &Tensor {
            type Output = Tensor;
            #[track_caller]
            fn $method(self, other: T) -> Tensor {
                binary(self, &other.to_tensor(self), $operation)
            }
        }

        impl<T: Operand> $operator<T> for Tensor {
            type Output = Tensor;
            #[track_caller]
            fn $method(self, other: T) -> Tensor {
                binary(&self, &other.to_tensor(&self), $operation)
            }
        }

        // One floating point type and one integer type: so that a literal's type needs no telling in `(1.0 - x).log()`.
        arithmetic!(@left f64, $operator $method $operation);
        arithmetic!(@left i32, $operator $method $operation);
    )*};
    (@left $number:ty, $operator:ident $method:ident $operation:path) => {
        impl $operator<&Tensor> for $number {
            type Output = Tensor;
            #[track_caller]
            fn $method(self, other: &Tensor) -> Tensor {
                binary(&self.to_tensor(other), other, $operation)
            }
        }

        impl $operator<Tensor> for $number {
            type Output = Tensor;
            #[track_caller]
            fn $method(self, other: Tensor) -> Tensor {
                binary(&self.to_tensor(&other), &other, $operation)
            }
        }
    };
}

arithmetic!(
    Add add crisol_ops::add,
    Sub sub crisol_ops::subtract,
    Mul mul crisol_ops::multiply,
    Div div crisol_ops::divide
);

impl Neg for &Tensor {
    type Output = Tensor;
    #[track_caller]
    fn neg(self) -> Tensor {
        record(&[self], |graph, x| crisol_ops::negate(graph, x[0]))
    }
}

impl Neg for Tensor {
    type Output = Tensor;
    #[track_caller]
    fn neg(self) -> Tensor {
        -&self
    }
}

/// The sum of tensors, as of the losses that layers add; of none, 0 in single precision.
///
/// ```
/// use crisol_tensor::{DType, Tensor};
/// let losses = [Tensor::scalar(DType::F32, 1.5), Tensor::scalar(DType::F32, 2.0)];
/// assert_eq!(losses.iter().sum::<Tensor>().item()?, 3.5);
/// # Ok::<(), crisol_tensor::Error>(())
/// ```
impl<'a> Sum<&'a Tensor> for Tensor {
    fn sum<I: Iterator<Item = &'a Tensor>>(tensors: I) -> Tensor {
        tensors.cloned().sum()
    }
}

impl Sum for Tensor {
    fn sum<I: Iterator<Item = Tensor>>(tensors: I) -> Tensor {
        tensors.reduce(|sum, tensor| sum + tensor).unwrap_or_else(|| Tensor::scalar(DType::F32, 0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_take_the_type_of_the_tensor() {
        let x = Tensor::from_slice(&[1i32, 2], [2]);
        assert_eq!((2 * &x + 1).to_vec::<i32>().unwrap(), [3, 5]);
        let y = Tensor::from_slice(&[1.0f64, 2.0], [2]);
        assert_eq!((1.0 / &y - 0.5).to_vec::<f64>().unwrap(), [0.5, 0.0]);
        assert_eq!((-y).dtype().unwrap(), DType::F64);
    }

    #[test]
    fn an_error_travels_with_the_line_that_made_it() {
        let a = Tensor::zeros([2, 3]);
        let b = Tensor::zeros([2, 4]);
        let wrong = &a + &b;
        let line = line!() - 1;
        let text = (wrong * 2.0 + a).to_vec::<f32>().unwrap_err().to_string();
        assert!(text.starts_with("add: shapes [2, 3] and [2, 4] do not broadcast"), "{text}");
        assert!(text.contains(&format!("operators.rs:{line}")), "{text}");
    }

    #[test]
    fn types_do_not_mix() {
        let text = (Tensor::zeros([2]) + Tensor::from_slice(&[1i32, 2], [2])).shape().unwrap_err().to_string();
        assert!(text.contains("float32") && text.contains("int32") && text.contains("cast"), "{text}");
    }
}
