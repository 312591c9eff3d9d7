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
    match value {
        Value::Bool(array) => array.iter().map(|&x| u8::from(x)).collect(),
        Value::U8(array) => array.iter().copied().collect(),
        Value::I32(array) => array.iter().flat_map(|x| x.to_le_bytes()).collect(),
        Value::I64(array) => array.iter().flat_map(|x| x.to_le_bytes()).collect(),
        Value::BF16(array) => array.iter().flat_map(|x| x.to_le_bytes()).collect(),
        Value::F16(array) => array.iter().flat_map(|x| x.to_le_bytes()).collect(),
        Value::F32(array) => array.iter().flat_map(|x| x.to_le_bytes()).collect(),
        Value::F64(array) => array.iter().flat_map(|x| x.to_le_bytes()).collect(),
    }
}

/// The value that bytes hold, or `None` if there are more or fewer than the shape takes.
pub fn to_value(bytes: &[u8], dtype: DType, shape: &Shape) -> Option<Value> {
    let sizes = shape.sizes();
    match dtype {
        DType::Bool => elements(bytes, sizes, |[byte]| byte != 0),
        DType::U8 => elements(bytes, sizes, u8::from_le_bytes),
        DType::I32 => elements(bytes, sizes, i32::from_le_bytes),
        DType::I64 => elements(bytes, sizes, i64::from_le_bytes),
        DType::BF16 => elements(bytes, sizes, |bytes| bf16::from_bits(u16::from_le_bytes(bytes))),
        DType::F16 => elements(bytes, sizes, |bytes| f16::from_bits(u16::from_le_bytes(bytes))),
        DType::F32 => elements(bytes, sizes, f32::from_le_bytes),
        DType::F64 => elements(bytes, sizes, f64::from_le_bytes),
    }
}

fn elements<T: Typed, const N: usize>(bytes: &[u8], sizes: &[usize], element: impl Fn([u8; N]) -> T) -> Option<Value> {
    let (chunks, rest) = bytes.as_chunks::<N>();
    let elements = chunks.iter().map(|&chunk| element(chunk)).collect();
    let array = ArrayD::from_shape_vec(IxDyn(sizes), elements).ok()?;
    rest.is_empty().then(|| T::value(array))
}
