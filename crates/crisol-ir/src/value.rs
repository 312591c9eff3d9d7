//! Plain arrays of any element type: what definitions compute with, and what tests compare.

use crate::dtype::{DType, Element};
use crate::elements::{self, map};
use crate::error::{Error, ErrorKind, Result};
use crate::shape::Shape;
use half::{bf16, f16};
use ndarray::{ArrayD, IxDyn};
use std::borrow::Cow;
use std::fmt;

/// An ndarray of any element type, row-major.
pub enum Value {
    /// Truth values.
    Bool(ArrayD<bool>),
    /// Unsigned bytes.
    U8(ArrayD<u8>),
    /// 32-bit integers.
    I32(ArrayD<i32>),
    /// 64-bit integers.
    I64(ArrayD<i64>),
    /// Sixteen bits with the exponent of single precision.
    BF16(ArrayD<bf16>),
    /// Half precision.
    F16(ArrayD<f16>),
    /// Single precision.
    F32(ArrayD<f32>),
    /// Double precision.
    F64(ArrayD<f64>),
}

/// Runs the same expression on whatever array a [`Value`] holds: `each_value!(value, array => array.len())`.
#[macro_export]
macro_rules! each_value {
    ($value:expr, $array:ident => $body:expr) => {
        match $value {
            $crate::Value::Bool($array) => $body,
            $crate::Value::U8($array) => $body,
            $crate::Value::I32($array) => $body,
            $crate::Value::I64($array) => $body,
            $crate::Value::BF16($array) => $body,
            $crate::Value::F16($array) => $body,
            $crate::Value::F32($array) => $body,
            $crate::Value::F64($array) => $body,
        }
    };
}

/// Maps the array a [`Value`] holds to another array of the same element type: `map_value!(value, array => array.into_shared())`.
#[macro_export]
macro_rules! map_value {
    ($value:expr, $array:ident => $body:expr) => {
        match $value {
            $crate::Value::Bool($array) => $crate::Value::Bool($body),
            $crate::Value::U8($array) => $crate::Value::U8($body),
            $crate::Value::I32($array) => $crate::Value::I32($body),
            $crate::Value::I64($array) => $crate::Value::I64($body),
            $crate::Value::BF16($array) => $crate::Value::BF16($body),
            $crate::Value::F16($array) => $crate::Value::F16($body),
            $crate::Value::F32($array) => $crate::Value::F32($body),
            $crate::Value::F64($array) => $crate::Value::F64($body),
        }
    };
}

impl Value {
    /// The element type.
    pub fn dtype(&self) -> DType {
        match self {
            Value::Bool(_) => DType::Bool,
            Value::U8(_) => DType::U8,
            Value::I32(_) => DType::I32,
            Value::I64(_) => DType::I64,
            Value::BF16(_) => DType::BF16,
            Value::F16(_) => DType::F16,
            Value::F32(_) => DType::F32,
            Value::F64(_) => DType::F64,
        }
    }

    /// The sizes of the axes.
    ///
    /// # Errors
    /// More axes than a [`Shape`] may have.
    pub fn shape(&self) -> Result<Shape> {
        each_value!(self, array => Shape::new(array.shape()))
    }

    /// An array of `dtype` and `shape` filled with zeros.
    pub fn zeros(dtype: DType, shape: &Shape) -> Value {
        let sizes = IxDyn(shape.sizes());
        match dtype {
            DType::Bool => Value::Bool(ArrayD::default(sizes)),
            DType::U8 => Value::U8(ArrayD::zeros(sizes)),
            DType::I32 => Value::I32(ArrayD::zeros(sizes)),
            DType::I64 => Value::I64(ArrayD::zeros(sizes)),
            DType::BF16 => Value::BF16(ArrayD::default(sizes)),
            DType::F16 => Value::F16(ArrayD::default(sizes)),
            DType::F32 => Value::F32(ArrayD::zeros(sizes)),
            DType::F64 => Value::F64(ArrayD::zeros(sizes)),
        }
    }

    /// A scalar of `dtype` from its [bits](Constant::bits).
    pub fn from_constant(constant: Constant) -> Value {
        let scalar = IxDyn(&[]);
        match constant.dtype {
            DType::Bool => Value::Bool(ArrayD::from_elem(scalar, constant.bits != 0)),
            DType::U8 => Value::U8(ArrayD::from_elem(scalar, constant.bits as u8)),
            DType::I32 => Value::I32(ArrayD::from_elem(scalar, constant.bits as i32)),
            DType::I64 => Value::I64(ArrayD::from_elem(scalar, constant.bits as i64)),
            DType::BF16 => Value::BF16(ArrayD::from_elem(scalar, bf16::from_bits(constant.bits as u16))),
            DType::F16 => Value::F16(ArrayD::from_elem(scalar, f16::from_bits(constant.bits as u16))),
            DType::F32 => Value::F32(ArrayD::from_elem(scalar, f32::from_bits(constant.bits as u32))),
            DType::F64 => Value::F64(ArrayD::from_elem(scalar, f64::from_bits(constant.bits))),
        }
    }

    /// The same numbers as another type, by Rust's `as`: saturating, NaN to 0, and to `bool` by comparing with 0. Types of sixteen
    /// bits are reached through `float32`, to the nearest, ties to even. On the way there is a copy in `int64` or `float64`.
    pub fn cast(&self, dtype: DType) -> Value {
        /// From the widest numbers of a kind, which hold all of that kind exactly: all pairs of types would be forty functions.
        macro_rules! from_number {
            ($array:expr) => {
                match dtype {
                    DType::Bool => Value::Bool(map($array, |x| x != Default::default())),
                    DType::U8 => Value::U8(map($array, |x| x as u8)),
                    DType::I32 => Value::I32(map($array, |x| x as i32)),
                    DType::I64 => Value::I64(map($array, |x| x as i64)),
                    DType::BF16 => Value::BF16(map($array, |x| bf16::from_f32(x as f32))),
                    DType::F16 => Value::F16(map($array, |x| f16::from_f32(x as f32))),
                    DType::F32 => Value::F32(map($array, |x| x as f32)),
                    DType::F64 => Value::F64(map($array, |x| x as f64)),
                }
            };
        }
        match self {
            same if same.dtype() == dtype => same.clone(),
            Value::I64(array) => from_number!(array),
            Value::F64(array) => from_number!(array),
            Value::Bool(array) => Value::I64(map(array, i64::from)).cast(dtype),
            Value::U8(array) => Value::I64(map(array, i64::from)).cast(dtype),
            Value::I32(array) => Value::I64(map(array, i64::from)).cast(dtype),
            Value::BF16(array) => Value::F64(map(array, f64::from)).cast(dtype),
            Value::F16(array) => Value::F64(map(array, f64::from)).cast(dtype),
            Value::F32(array) => Value::F64(map(array, f64::from)).cast(dtype),
        }
    }

    /// The value with its elements in row-major order, copied only if they lie otherwise.
    pub fn as_standard_layout(&self) -> Cow<'_, Value> {
        match each_value!(self, array => array.is_standard_layout()) {
            true => Cow::Borrowed(self),
            false => Cow::Owned(
                map_value!(self, array => elements::array(array.shape(), elements::list(array).into_owned())),
            ),
        }
    }

    fn variant(&self) -> &'static str {
        match self {
            Value::Bool(_) => "Bool",
            Value::U8(_) => "U8",
            Value::I32(_) => "I32",
            Value::I64(_) => "I64",
            Value::BF16(_) => "BF16",
            Value::F16(_) => "F16",
            Value::F32(_) => "F32",
            Value::F64(_) => "F64",
        }
    }

    /// The array as one of element type `T`.
    ///
    /// # Errors
    /// The elements are of another type.
    pub fn array<T: Typed>(&self) -> Result<&ArrayD<T>> {
        T::of(self).ok_or_else(|| {
            Error::new(ErrorKind::DType, format!("expected an array of {}, found {}", T::DTYPE, self.dtype()))
        })
    }
}

// By hand, for what is derived is compiled in every crate that uses it: eight arrays' worth.

impl Clone for Value {
    fn clone(&self) -> Value {
        map_value!(self, array => array.clone())
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        each_value!(self, array => f.debug_tuple(self.variant()).field(array).finish())
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Value) -> bool {
        fn same<T: Element>(a: &ArrayD<T>, b: &ArrayD<T>) -> bool {
            a.shape() == b.shape() && elements::list(a) == elements::list(b)
        }
        match (self, other) {
            (Value::Bool(a), Value::Bool(b)) => same(a, b),
            (Value::U8(a), Value::U8(b)) => same(a, b),
            (Value::I32(a), Value::I32(b)) => same(a, b),
            (Value::I64(a), Value::I64(b)) => same(a, b),
            (Value::BF16(a), Value::BF16(b)) => same(a, b),
            (Value::F16(a), Value::F16(b)) => same(a, b),
            (Value::F32(a), Value::F32(b)) => same(a, b),
            (Value::F64(a), Value::F64(b)) => same(a, b),
            _ => false,
        }
    }
}

/// Element types with their place in [`Value`].
pub trait Typed: Element {
    /// The array, if the value holds this type.
    fn of(value: &Value) -> Option<&ArrayD<Self>>;
    /// The value that holds the array.
    fn value(array: ArrayD<Self>) -> Value;
}

macro_rules! typed {
    ($($element:ty => $variant:ident),*) => {$(
        impl Typed for $element {
            fn of(value: &Value) -> Option<&ArrayD<Self>> {
                match value { Value::$variant(array) => Some(array), _ => None }
            }
            fn value(array: ArrayD<Self>) -> Value {
                Value::$variant(array)
            }
        }
        impl From<ArrayD<$element>> for Value {
            fn from(array: ArrayD<$element>) -> Value {
                Value::$variant(array)
            }
        }
    )*};
}
typed!(bool => Bool, u8 => U8, i32 => I32, i64 => I64, bf16 => BF16, f16 => F16, f32 => F32, f64 => F64);

/// A scalar known when a program is recorded, by its bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Constant {
    /// The element type.
    pub dtype: DType,
    /// The bits of the number, zero-extended to 64.
    pub bits: u64,
}

impl Constant {
    /// The number as a constant of `dtype`, by Rust's `as`.
    pub fn new(dtype: DType, number: f64) -> Constant {
        let bits = match dtype {
            DType::Bool => u64::from(number != 0.0),
            DType::U8 => number as u8 as u64,
            DType::I32 => number as i32 as u32 as u64,
            DType::I64 => number as i64 as u64,
            DType::BF16 => bf16::from_f32(number as f32).to_bits() as u64,
            DType::F16 => f16::from_f32(number as f32).to_bits() as u64,
            DType::F32 => (number as f32).to_bits() as u64,
            DType::F64 => number.to_bits(),
        };
        Constant { dtype, bits }
    }

    /// The constant as a number.
    pub fn number(self) -> f64 {
        match self.dtype {
            DType::Bool => f64::from(u8::from(self.bits != 0)),
            DType::U8 => self.bits as u8 as f64,
            DType::I32 => self.bits as i32 as f64,
            DType::I64 => self.bits as i64 as f64,
            DType::BF16 => bf16::from_bits(self.bits as u16).to_f64(),
            DType::F16 => f16::from_bits(self.bits as u16).to_f64(),
            DType::F32 => f32::from_bits(self.bits as u32) as f64,
            DType::F64 => f64::from_bits(self.bits),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::arr1;

    #[test]
    fn casting_saturates_and_compares_with_zero() {
        let value = Value::F32(arr1(&[-1.5f32, 300.0, f32::NAN, 0.0]).into_dyn());
        assert_eq!(value.cast(DType::U8), Value::U8(arr1(&[0u8, 255, 0, 0]).into_dyn()));
        assert_eq!(value.cast(DType::Bool), Value::Bool(arr1(&[true, true, true, false]).into_dyn()));
    }

    #[test]
    fn constants_keep_their_number() {
        for dtype in DType::ALL {
            assert_eq!(Constant::new(dtype, 1.0).number(), 1.0);
        }
        assert_eq!(Constant::new(DType::I32, -1.0).number(), -1.0);
        assert_eq!(Value::from_constant(Constant::new(DType::I64, -7.0)), Value::I64(ndarray::arr0(-7).into_dyn()));
    }
}
