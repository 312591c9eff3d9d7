//! What the plain definitions share: applying a formula to the arrays that values hold.

use crisol_ir::{Error, ErrorKind, Value};
use ndarray::{ArrayD, Zip};

/// The error of a definition that is given a type which its shape rule rejects.
pub(crate) fn unexpected(value: &Value) -> Error {
    Error::new(ErrorKind::Internal, format!("is not defined on {}", value.dtype()))
}

/// The formula on every element. It is a pointer so that there is one loop for all formulas: definitions have to be right, and a loop each
/// took a third of the time in which this crate is compiled.
pub(crate) fn map<T: Copy, R>(x: &ArrayD<T>, formula: fn(T) -> R) -> ArrayD<R> {
    x.map(|&x| formula(x))
}

/// The formula on every pair of elements.
pub(crate) fn zip<T: Copy, R>(a: &ArrayD<T>, b: &ArrayD<T>, formula: fn(T, T) -> R) -> ArrayD<R> {
    Zip::from(a).and(b).map_collect(|&a, &b| formula(a, b))
}

/// `map_floats!(inputs, |x| x.exp())`: the formula on every element of the one input.
macro_rules! map_floats {
    ($inputs:expr, |$x:ident| $formula:expr) => {{
        let [x] = $crate::rule::operands($inputs)?;
        match x {
            crisol_ir::Value::F32(x) => Ok(crisol_ir::Value::F32($crate::definition::map(x, |$x: f32| $formula))),
            crisol_ir::Value::F64(x) => Ok(crisol_ir::Value::F64($crate::definition::map(x, |$x: f64| $formula))),
            other => Err($crate::definition::unexpected(other)),
        }
    }};
}

/// `zip_numbers!(inputs, |a, b| a + b, |a, b| a.wrapping_add(b))`: the first formula on floats, the second on integers.
macro_rules! zip_numbers {
    ($inputs:expr, |$a:ident, $b:ident| $floats:expr, |$c:ident, $d:ident| $integers:expr) => {{
        use crisol_ir::Value;
        let [a, b] = $crate::rule::operands($inputs)?;
        match (a, b) {
            (Value::U8(a), Value::U8(b)) => Ok(Value::U8($crate::definition::zip(a, b, |$c, $d| $integers))),
            (Value::I32(a), Value::I32(b)) => Ok(Value::I32($crate::definition::zip(a, b, |$c, $d| $integers))),
            (Value::I64(a), Value::I64(b)) => Ok(Value::I64($crate::definition::zip(a, b, |$c, $d| $integers))),
            (Value::F32(a), Value::F32(b)) => Ok(Value::F32($crate::definition::zip(a, b, |$a, $b| $floats))),
            (Value::F64(a), Value::F64(b)) => Ok(Value::F64($crate::definition::zip(a, b, |$a, $b| $floats))),
            (other, _) => Err($crate::definition::unexpected(other)),
        }
    }};
}

/// `zip_integers!(inputs, |a, b| a & b)`: the formula on integers.
macro_rules! zip_integers {
    ($inputs:expr, |$a:ident, $b:ident| $formula:expr) => {{
        let [a, b] = $crate::rule::operands($inputs)?;
        match (a, b) {
            (Value::U8(a), Value::U8(b)) => Ok(Value::U8($crate::definition::zip(a, b, |$a, $b| $formula))),
            (Value::I32(a), Value::I32(b)) => Ok(Value::I32($crate::definition::zip(a, b, |$a, $b| $formula))),
            (Value::I64(a), Value::I64(b)) => Ok(Value::I64($crate::definition::zip(a, b, |$a, $b| $formula))),
            (other, _) => Err($crate::definition::unexpected(other)),
        }
    }};
}

/// `compare!(inputs, |a, b| a < b)`: the formula, with a truth value for a result, on elements of any type.
macro_rules! compare {
    ($inputs:expr, |$a:ident, $b:ident| $formula:expr) => {{
        use crisol_ir::Value;
        let [a, b] = $crate::rule::operands($inputs)?;
        macro_rules! zip {
            ($lhs:expr, $rhs:expr) => {
                Ok(Value::Bool($crate::definition::zip($lhs, $rhs, |$a, $b| $formula)))
            };
        }
        match (a, b) {
            (Value::Bool(a), Value::Bool(b)) => zip!(a, b),
            (Value::U8(a), Value::U8(b)) => zip!(a, b),
            (Value::I32(a), Value::I32(b)) => zip!(a, b),
            (Value::I64(a), Value::I64(b)) => zip!(a, b),
            (Value::BF16(a), Value::BF16(b)) => zip!(a, b),
            (Value::F16(a), Value::F16(b)) => zip!(a, b),
            (Value::F32(a), Value::F32(b)) => zip!(a, b),
            (Value::F64(a), Value::F64(b)) => zip!(a, b),
            (other, _) => Err($crate::definition::unexpected(other)),
        }
    }};
}

pub(crate) use {compare, map_floats, zip_integers, zip_numbers};

/// Floats whose sums are taken in double precision, so that definitions are closer to the truth than any fast path.
pub(crate) trait Real: crisol_ir::value::Typed {
    /// The number in double precision.
    fn widen(self) -> f64;
    /// The nearest number of this type.
    fn narrow(wide: f64) -> Self;
}

impl Real for f32 {
    fn widen(self) -> f64 {
        f64::from(self)
    }
    fn narrow(wide: f64) -> f32 {
        wide as f32
    }
}

impl Real for f64 {
    fn widen(self) -> f64 {
        self
    }
    fn narrow(wide: f64) -> f64 {
        wide
    }
}
