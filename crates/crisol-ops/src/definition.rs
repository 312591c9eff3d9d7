//! What the plain definitions share: formulas on elements, elements at other places, and sums in double precision.

use crisol_ir::half::{bf16, f16};
use crisol_ir::value::Typed;
use crisol_ir::{DType, Error, ErrorKind, Result, Value, elements};
use ndarray::{Array, ArrayD, Dimension, IxDyn};

/// The error of a definition that is given a type which its shape rule rejects.
pub(crate) fn unexpected(value: &Value) -> Error {
    Error::new(ErrorKind::Internal, format!("is not defined on {}", value.dtype()))
}

/// The formula on every element. It is a pointer so that there is one loop for all formulas: definitions have to be right, and a loop each
/// took a third of the time in which this crate is compiled.
pub(crate) fn map<T: Copy, R>(x: &ArrayD<T>, formula: fn(T) -> R) -> ArrayD<R> {
    elements::map(x, formula)
}

/// The formula on every pair of elements.
pub(crate) fn zip<T: Copy, R>(a: &ArrayD<T>, b: &ArrayD<T>, formula: fn(T, T) -> R) -> ArrayD<R> {
    assert_eq!(a.shape(), b.shape(), "operands that were brought to one shape");
    let pairs = elements::list(a);
    let pairs = pairs.iter().zip(elements::list(b).iter()).map(|(&a, &b)| formula(a, b)).collect();
    elements::array(a.shape(), pairs)
}

/// The places of the elements of an array: 0, 1, 2 and so on in row-major order. What moves elements is told once, on places, for all types.
pub(crate) fn places(sizes: &[usize]) -> ArrayD<usize> {
    elements::array(sizes, (0..sizes.iter().product()).collect())
}

/// The places of the elements of an array in lines along some axes.
pub(crate) struct Lines {
    /// One line after the other.
    pub(crate) places: Vec<usize>,
    pub(crate) length: usize,
    /// The sizes of the other axes: how many lines there are.
    pub(crate) kept: Vec<usize>,
}

/// The lines along the given axes.
pub(crate) fn lines(sizes: &[usize], axes: &[usize]) -> Lines {
    let mut order: Vec<usize> = (0..sizes.len()).filter(|axis| !axes.contains(axis)).collect();
    let kept = order.iter().map(|&axis| sizes[axis]).collect();
    order.extend_from_slice(axes);
    let places = places(sizes).permuted_axes(IxDyn(&order));
    let length = axes.iter().map(|&axis| sizes[axis]).product();
    Lines { places: elements::list(&places).into_owned(), length, kept }
}

/// The elements at these places, which are counted through all parts, one part after the other.
pub(crate) fn pick(parts: &[&Value], places: &ArrayD<usize>) -> Result<Value> {
    fn of<T: Typed>(parts: &[&Value], places: &ArrayD<usize>) -> Result<Value> {
        let mut all = Vec::new();
        for part in parts {
            all.extend_from_slice(&elements::list(part.array::<T>()?));
        }
        Ok(T::value(elements::map(places, |place| all[place])))
    }
    match parts.first().map(|part| part.dtype()) {
        None => Err(Error::new(ErrorKind::Value, "expected at least 1 input, given 0")),
        Some(DType::Bool) => of::<bool>(parts, places),
        Some(DType::U8) => of::<u8>(parts, places),
        Some(DType::I32) => of::<i32>(parts, places),
        Some(DType::I64) => of::<i64>(parts, places),
        Some(DType::BF16) => of::<bf16>(parts, places),
        Some(DType::F16) => of::<f16>(parts, places),
        Some(DType::F32) => of::<f32>(parts, places),
        Some(DType::F64) => of::<f64>(parts, places),
    }
}

/// The elements of `x` as `arrange` leaves their places.
pub(crate) fn rearrange(x: &Value, arrange: impl FnOnce(ArrayD<usize>) -> Result<ArrayD<usize>>) -> Result<Value> {
    pick(&[x], &arrange(places(x.shape()?.sizes()))?)
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

/// Floats in double precision, which is what definitions add up in: closer to the truth than any fast path.
pub(crate) fn wide<D: Dimension>(x: &Value) -> Result<Array<f64, D>> {
    match x.cast(DType::F64) {
        Value::F64(wide) if x.dtype().is_float() => {
            wide.into_dimensionality::<D>().map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))
        }
        _ => Err(unexpected(x)),
    }
}

/// Numbers in double precision, rounded to what the result is of.
pub(crate) fn narrow<D: Dimension>(x: Array<f64, D>, dtype: DType) -> Value {
    Value::F64(x.into_dyn()).cast(dtype)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{arr0, arr1, arr2};

    #[test]
    fn lines_go_along_any_axes() {
        let both = lines(&[2, 3, 2], &[0, 2]);
        assert_eq!((both.length, both.kept), (4, vec![3]));
        assert_eq!(both.places, [0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11]);
        let first = lines(&[2, 3], &[0]);
        assert_eq!((first.places, first.length), (vec![0, 3, 1, 4, 2, 5], 2));
        let empty = lines(&[2, 0], &[1]);
        assert_eq!((empty.places, empty.length, empty.kept), (vec![], 0, vec![2]));
    }

    #[test]
    fn elements_are_picked_from_all_parts() {
        let (a, b) = (Value::I32(arr1(&[1, 2]).into_dyn()), Value::I32(arr2(&[[3], [4]]).into_dyn()));
        let picked = pick(&[&a, &b], &arr1(&[3, 0, 2, 2]).into_dyn()).unwrap();
        assert_eq!(picked, Value::I32(arr1(&[4, 1, 3, 3]).into_dyn()));
        let scalar = Value::Bool(arr0(true).into_dyn());
        assert_eq!(rearrange(&scalar, Ok).unwrap(), scalar);
        assert!(pick(&[&a, &scalar], &arr1(&[0]).into_dyn()).is_err());
        assert!(pick(&[], &arr1(&[0]).into_dyn()).is_err());
    }

    #[test]
    fn only_floats_become_wide() {
        let x = Value::F32(arr1(&[0.1_f32, f32::NAN]).into_dyn());
        let wider = wide::<ndarray::Ix1>(&x).unwrap();
        assert!(wider[0] == f64::from(0.1_f32) && wider[1].is_nan());
        assert_eq!(narrow(arr1(&[0.1_f64]), DType::F32), Value::F32(arr1(&[0.1_f32]).into_dyn()));
        assert!(wide::<ndarray::Ix1>(&Value::I64(arr1(&[1]).into_dyn())).is_err());
        assert!(wide::<ndarray::Ix2>(&x).is_err());
    }
}
