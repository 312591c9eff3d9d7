//! Values as bytes, as files hold them: elements in row-major order, little-endian on every machine.

use crisol_ir::half::{bf16, f16};
use crisol_ir::value::Typed;
use crisol_tensor::ndarray::{ArrayD, IxDyn};
use crisol_tensor::{DType, Shape, Value};

/// The elements of a value as bytes; truth values are 0 or 1.
///
/// ```
/// use crisol_params::bytes;
/// use crisol_tensor::{DType, Shape, Value, ndarray::arr1};
/// let value = Value::from(arr1(&[1.0f32, -2.0]).into_dyn());
/// let held = bytes::of_value(&value);
/// assert_eq!(bytes::to_value(&held, DType::F32, &Shape::new(&[2])?), Some(value));
/// # Ok::<(), crisol_tensor::Error>(())
/// ```
pub fn of_value(value: &Value) -> Vec<u8> {
    match &*value.as_standard_layout() {
        Value::Bool(array) => of_elements(array, |x| [u8::from(x)]),
        Value::U8(array) => of_elements(array, u8::to_le_bytes),
        Value::I32(array) => of_elements(array, i32::to_le_bytes),
        Value::I64(array) => of_elements(array, i64::to_le_bytes),
        Value::BF16(array) => of_elements(array, bf16::to_le_bytes),
        Value::F16(array) => of_elements(array, f16::to_le_bytes),
        Value::F32(array) => of_elements(array, f32::to_le_bytes),
        Value::F64(array) => of_elements(array, f64::to_le_bytes),
    }
}

/// The value that bytes hold, or `None` if there are more or fewer than the shape takes.
pub fn to_value(bytes: &[u8], dtype: DType, shape: &Shape) -> Option<Value> {
    let sizes = shape.sizes();
    match dtype {
        DType::Bool => to_elements(bytes, sizes, |[byte]| byte != 0),
        DType::U8 => to_elements(bytes, sizes, u8::from_le_bytes),
        DType::I32 => to_elements(bytes, sizes, i32::from_le_bytes),
        DType::I64 => to_elements(bytes, sizes, i64::from_le_bytes),
        DType::BF16 => to_elements(bytes, sizes, |bytes| bf16::from_bits(u16::from_le_bytes(bytes))),
        DType::F16 => to_elements(bytes, sizes, |bytes| f16::from_bits(u16::from_le_bytes(bytes))),
        DType::F32 => to_elements(bytes, sizes, f32::from_le_bytes),
        DType::F64 => to_elements(bytes, sizes, f64::from_le_bytes),
    }
}

fn of_elements<T: Copy, const N: usize>(array: &ArrayD<T>, bytes: impl Fn(T) -> [u8; N]) -> Vec<u8> {
    let elements = array.as_slice().unwrap_or_else(|| unreachable!("elements in row-major order are a slice"));
    elements.iter().map(|&x| bytes(x)).collect::<Vec<_>>().into_flattened()
}

fn to_elements<T: Typed, const N: usize>(
    bytes: &[u8],
    sizes: &[usize],
    element: impl Fn([u8; N]) -> T,
) -> Option<Value> {
    let (chunks, rest) = bytes.as_chunks::<N>();
    let elements = chunks.iter().map(|&chunk| element(chunk)).collect();
    let array = ArrayD::from_shape_vec(IxDyn(sizes), elements).ok()?;
    rest.is_empty().then(|| T::value(array))
}
