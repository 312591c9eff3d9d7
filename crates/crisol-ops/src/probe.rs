//! Types that operations are probed with: usual shapes, a scalar, sizes of 1 and empty axes.

use crisol_ir::{Attributes, DType, Shape, TensorType};

/// The type of tensors of `dtype` and `sizes`, which are small.
pub(crate) fn ty(dtype: DType, sizes: &[usize]) -> TensorType {
    // Probes are written with few small axes, which always make a shape.
    TensorType::new(dtype, Shape::new(sizes).unwrap_or(Shape::SCALAR))
}

/// Cases of a map without settings: `inputs` tensors of one type, for each of the types.
pub(crate) fn maps(dtypes: &[DType], inputs: usize) -> Vec<(Attributes, Vec<TensorType>)> {
    let shapes: [&[usize]; 5] = [&[3, 5], &[2, 1, 4], &[17], &[], &[0, 3]];
    let case = |&dtype| shapes.map(|sizes| (Attributes::none(), vec![ty(dtype, sizes); inputs]));
    dtypes.iter().flat_map(case).collect()
}

/// Floating point types.
pub(crate) const FLOATS: [DType; 2] = [DType::F32, DType::F64];

/// Types with arithmetic.
pub(crate) const NUMBERS: [DType; 4] = [DType::I32, DType::I64, DType::F32, DType::F64];

/// Types with bits to work on.
pub(crate) const INTEGERS: [DType; 3] = [DType::U8, DType::I32, DType::I64];

/// Types with an order.
pub(crate) const ORDERED: [DType; 5] = [DType::U8, DType::I32, DType::I64, DType::F32, DType::F64];
