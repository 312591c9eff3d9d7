//! [`Array`]: an n-dimensional array whose type of element is known at run time, as read from files.

use crate::{Error, ErrorKind, Result};
use crisol_ir::elements;
use ndarray::{ArrayD, ArrayViewD, Axis, Dimension};
use std::ops::Range;

/// An array of any shape and of one of six element types.
///
/// Axis 0 counts samples. Typed ndarrays convert with `From`, both ways:
///
/// ```
/// use crisol_data::{Array, ndarray::arr2};
/// let array = Array::from(arr2(&[[1.0_f32, 2.0], [3.0, 4.0]]));
/// assert_eq!((array.shape(), array.len(), array.dtype()), (&[2, 2][..], 2, "float32"));
/// assert_eq!(array.select(&[1])?.to_f64().into_raw_vec_and_offset().0, [3.0, 4.0]);
/// # Ok::<(), crisol_data::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Array {
    /// 32-bit floats.
    F32(ArrayD<f32>),
    /// 64-bit floats.
    F64(ArrayD<f64>),
    /// 32-bit signed integers.
    I32(ArrayD<i32>),
    /// 64-bit signed integers.
    I64(ArrayD<i64>),
    /// Bytes.
    U8(ArrayD<u8>),
    /// Truth values.
    Bool(ArrayD<bool>),
}

/// A type that an [`Array`] can hold.
pub trait Element: Copy + Send + Sync + 'static + sealed::Sealed {
    /// The name of the type, as NumPy spells it.
    const DTYPE: &'static str;
    /// Wraps a typed array.
    fn wrap(array: ArrayD<Self>) -> Array;
    /// Looks into an array of this type; `None` for one of another type.
    fn view(array: &Array) -> Option<ArrayViewD<'_, Self>>;
    /// Takes an array of this type apart; gives one of another type back.
    fn unwrap(array: Array) -> std::result::Result<ArrayD<Self>, Array>;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! elements {
    ($($variant:ident $type:ty, $name:literal;)*) => {$(
        impl sealed::Sealed for $type {}
        impl Element for $type {
            const DTYPE: &'static str = $name;
            fn wrap(array: ArrayD<Self>) -> Array {
                Array::$variant(array)
            }
            fn view(array: &Array) -> Option<ArrayViewD<'_, Self>> {
                match array {
                    Array::$variant(inner) => Some(inner.view()),
                    _ => None,
                }
            }
            fn unwrap(array: Array) -> std::result::Result<ArrayD<Self>, Array> {
                match array {
                    Array::$variant(inner) => Ok(inner),
                    other => Err(other),
                }
            }
        }
        impl TryFrom<Array> for ArrayD<$type> {
            type Error = Error;
            /// The typed array, without a copy; an error if the elements are of another type.
            fn try_from(array: Array) -> Result<Self> {
                <$type as Element>::unwrap(array).map_err(|other| other.wrong_dtype($name))
            }
        }
    )*};
}

elements! {
    F32 f32, "float32";
    F64 f64, "float64";
    I32 i32, "int32";
    I64 i64, "int64";
    U8 u8, "uint8";
    Bool bool, "bool";
}

/// Runs `$body` with `$inner` bound to the typed array, whatever its type.
macro_rules! each {
    ($array:expr, $inner:ident => $body:expr) => {
        match $array {
            Array::F32($inner) => $body,
            Array::F64($inner) => $body,
            Array::I32($inner) => $body,
            Array::I64($inner) => $body,
            Array::U8($inner) => $body,
            Array::Bool($inner) => $body,
        }
    };
}

/// Casts every element to `$to`, as `as` does (saturating); truth values become 0 and 1.
macro_rules! cast {
    ($array:expr, $to:ty) => {
        match $array {
            Array::F32(a) => elements::map(a, |v| v as $to),
            Array::F64(a) => elements::map(a, |v| v as $to),
            Array::I32(a) => elements::map(a, |v| v as $to),
            Array::I64(a) => elements::map(a, |v| v as $to),
            Array::U8(a) => elements::map(a, |v| v as $to),
            Array::Bool(a) => elements::map(a, |v| u8::from(v) as $to),
        }
    };
}

impl Array {
    /// Length of each axis.
    pub fn shape(&self) -> &[usize] {
        each!(self, a => a.shape())
    }

    /// Length of axis 0: the number of samples; 1 for an array without axes.
    pub fn len(&self) -> usize {
        self.shape().first().copied().unwrap_or(1)
    }

    /// True when there are no samples.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Name of the element type, as NumPy spells it: `"float32"`, `"uint8"`, ...
    pub fn dtype(&self) -> &'static str {
        match self {
            Array::F32(_) => f32::DTYPE,
            Array::F64(_) => f64::DTYPE,
            Array::I32(_) => i32::DTYPE,
            Array::I64(_) => i64::DTYPE,
            Array::U8(_) => u8::DTYPE,
            Array::Bool(_) => bool::DTYPE,
        }
    }

    /// A typed view; an error if the elements are of another type.
    pub fn view<T: Element>(&self) -> Result<ArrayViewD<'_, T>> {
        T::view(self).ok_or_else(|| self.wrong_dtype(T::DTYPE))
    }

    /// A copy as 32-bit floats (without a copy of float32: see [`Array::into_f32`]).
    pub fn to_f32(&self) -> ArrayD<f32> {
        cast!(self, f32)
    }

    /// The array as 32-bit floats; float32 is handed out as it is.
    pub fn into_f32(self) -> ArrayD<f32> {
        match self {
            Array::F32(a) => a,
            other => other.to_f32(),
        }
    }

    /// A copy as 64-bit floats.
    pub fn to_f64(&self) -> ArrayD<f64> {
        cast!(self, f64)
    }

    /// A copy as 32-bit integers; floats are cut toward zero and saturate, NaN becomes 0.
    pub fn to_i32(&self) -> ArrayD<i32> {
        cast!(self, i32)
    }

    /// The rows (positions on axis 0) in the given order, repeats allowed.
    ///
    /// # Errors
    /// A row that does not exist, or an array without axes.
    pub fn select(&self, rows: &[usize]) -> Result<Array> {
        self.needs_axis()?;
        if let Some(&row) = rows.iter().find(|&&row| row >= self.len()) {
            return Err(Error::new(ErrorKind::Argument, format!("row {row} of an array with {} rows", self.len())));
        }
        let shape = [&[rows.len()], &self.shape()[1..]].concat();
        Ok(each!(self, a => Element::wrap(select(a, rows, &shape))))
    }

    /// The rows of a range, copied.
    ///
    /// # Errors
    /// A range that leaves the array, or an array without axes.
    pub fn slice(&self, rows: Range<usize>) -> Result<Array> {
        self.needs_axis()?;
        if rows.start > rows.end || rows.end > self.len() {
            return Err(Error::new(ErrorKind::Argument, format!("rows {rows:?} of an array with {} rows", self.len())));
        }
        let shape = [&[rows.len()], &self.shape()[1..]].concat();
        Ok(each!(self, a => Element::wrap(slice(a, rows, &shape))))
    }

    /// One row, without axis 0.
    ///
    /// # Errors
    /// A row that does not exist, or an array without axes.
    pub fn row(&self, row: usize) -> Result<Array> {
        self.needs_axis()?;
        if row >= self.len() {
            return Err(Error::new(ErrorKind::Argument, format!("row {row} of an array with {} rows", self.len())));
        }
        Ok(each!(self, a => Element::wrap(select(a, &[row], &self.shape()[1..]))))
    }

    /// Arrays of one shape and type, one above the other along a new axis 0.
    ///
    /// # Errors
    /// No array, or one whose shape or type differs from the first.
    pub fn stack(arrays: &[Array]) -> Result<Array> {
        let first = arrays.first().ok_or_else(|| Error::new(ErrorKind::Empty, "stack: no arrays"))?;
        for (row, array) in arrays.iter().enumerate() {
            if array.shape() != first.shape() || array.dtype() != first.dtype() {
                return Err(Error::new(
                    ErrorKind::Shape,
                    format!(
                        "samples of one batch differ: {} {:?}, expected {} {:?} as the first has",
                        array.dtype(),
                        array.shape(),
                        first.dtype(),
                        first.shape()
                    ),
                )
                .at_row(row)
                .help("give all samples one shape (`map`) before `batch`"));
            }
        }
        fn typed<T: Element>(first: &ArrayD<T>, arrays: &[Array]) -> Result<Array> {
            let mut stacked = Vec::with_capacity(arrays.len() * first.len());
            for array in arrays {
                push(&mut stacked, array.view::<T>()?);
            }
            Ok(T::wrap(elements::array(&[&[arrays.len()], first.shape()].concat(), stacked)))
        }
        each!(first, a => typed(a, arrays))
    }

    fn needs_axis(&self) -> Result<()> {
        if self.shape().is_empty() {
            return Err(Error::new(
                ErrorKind::Shape,
                "expected an array with samples along axis 0, given a single value",
            ));
        }
        Ok(())
    }

    fn wrong_dtype(&self, expected: &str) -> Error {
        Error::new(ErrorKind::DType, format!("expected {expected} elements, given {}", self.dtype()))
    }
}

impl<T: Element, D: Dimension> From<ndarray::Array<T, D>> for Array {
    fn from(array: ndarray::Array<T, D>) -> Self {
        T::wrap(array.into_dyn())
    }
}

impl<T: Element, D: Dimension> From<&ndarray::Array<T, D>> for Array {
    fn from(array: &ndarray::Array<T, D>) -> Self {
        T::wrap(array.to_owned().into_dyn())
    }
}

impl<T: Element> From<Vec<T>> for Array {
    fn from(values: Vec<T>) -> Self {
        T::wrap(ndarray::Array1::from(values).into_dyn())
    }
}

impl From<&Array> for Array {
    fn from(array: &Array) -> Self {
        array.clone()
    }
}

// What follows is compiled for each of the types, so it does without the operations of ndarray, which are ready for any strides.

/// Rows known to exist, one after the other in an array of that shape.
fn select<T: Element>(array: &ArrayD<T>, rows: &[usize], shape: &[usize]) -> ArrayD<T> {
    let width: usize = array.shape()[1..].iter().product();
    let mut picked = Vec::with_capacity(rows.len() * width);
    let all = array.as_slice();
    for &row in rows {
        match all {
            Some(all) => picked.extend_from_slice(&all[row * width..(row + 1) * width]),
            None => push(&mut picked, array.index_axis(Axis(0), row)),
        }
    }
    elements::array(shape, picked)
}

/// A range of rows, of which the array of that shape is made.
fn slice<T: Element>(array: &ArrayD<T>, rows: Range<usize>, shape: &[usize]) -> ArrayD<T> {
    let width: usize = array.shape()[1..].iter().product();
    match array.as_slice() {
        Some(all) => elements::array(shape, all[rows.start * width..rows.end * width].to_vec()),
        None => select(array, &Vec::from_iter(rows), shape),
    }
}

/// Appends the elements in order; at once where they lie so.
fn push<T: Element>(values: &mut Vec<T>, array: ArrayViewD<'_, T>) {
    match array.as_slice() {
        Some(more) => values.extend_from_slice(more),
        None => array.iter().for_each(|&value| values.push(value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array3, arr1, arr2, s};

    #[test]
    fn rows_are_copied_in_order_also_from_a_transposed_array() {
        let plain = Array3::from_shape_fn((4, 2, 3), |(i, j, k)| (i * 100 + j * 10 + k) as i64);
        let turned = plain.clone().permuted_axes([2, 1, 0]);
        for typed in [plain, turned] {
            let array = Array::from(&typed);
            let rows = [2, 0, 2];
            assert_eq!(array.select(&rows).unwrap(), Array::from(typed.select(Axis(0), &rows)));
            assert_eq!(array.slice(1..3).unwrap(), Array::from(typed.slice(s![1..3, .., ..]).to_owned()));
            assert_eq!(array.row(1).unwrap(), Array::from(typed.index_axis(Axis(0), 1).to_owned()));
            assert_eq!(array.to_f32(), typed.mapv(|v| v as f32).into_dyn());
            let twice = ndarray::stack(Axis(0), &[typed.view(), typed.view()]).unwrap();
            assert_eq!(Array::stack(&[array.clone(), array]).unwrap(), Array::from(twice));
        }
    }

    #[test]
    fn wrong_rows_ranges_and_types_are_errors() {
        let array = Array::from(arr1(&[1_u8, 2, 3]));
        assert_eq!(array.select(&[3]).unwrap_err().kind(), ErrorKind::Argument);
        assert_eq!(array.slice(2..4).unwrap_err().kind(), ErrorKind::Argument);
        assert_eq!(array.view::<f32>().unwrap_err().kind(), ErrorKind::DType);
        let scalar = array.row(1).unwrap();
        assert_eq!(scalar.shape(), &[] as &[usize]);
        assert_eq!(scalar.select(&[0]).unwrap_err().kind(), ErrorKind::Shape);
        assert_eq!(array.slice(1..3).unwrap(), Array::from(vec![2_u8, 3]));
    }

    #[test]
    fn stack_wants_one_shape_and_type() {
        let rows = [Array::from(arr1(&[1.0_f32, 2.0])), Array::from(arr1(&[3.0_f32, 4.0]))];
        assert_eq!(Array::stack(&rows).unwrap(), Array::from(arr2(&[[1.0_f32, 2.0], [3.0, 4.0]])));
        let bad = [rows[0].clone(), Array::from(arr1(&[1.0_f64, 2.0]))];
        let error = Array::stack(&bad).unwrap_err();
        assert_eq!((error.kind(), error.place().row), (ErrorKind::Shape, Some(1)));
    }

    #[test]
    fn casts_follow_as() {
        let array = Array::from(vec![true, false]);
        assert_eq!(array.to_f32(), arr1(&[1.0_f32, 0.0]).into_dyn());
        assert_eq!(Array::from(vec![f64::NAN, -1.7, 1e20]).to_i32(), arr1(&[0, -1, i32::MAX]).into_dyn());
    }
}
