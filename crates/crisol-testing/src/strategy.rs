//! What property tests draw: shapes and tensors. All of them shrink: to fewer and smaller axes, and to elements near zero.

use crisol_tensor::ndarray::{ArrayD, IxDyn};
use crisol_tensor::{Tensor, Value};
use proptest::collection::{SizeRange, vec};
use proptest::prelude::*;
use std::fmt;
use std::ops::{Deref, Range};

/// A tensor that shows its elements when a test fails. It can be used wherever a tensor can.
#[derive(Clone)]
pub struct Sample {
    tensor: Tensor,
    value: Value,
}

impl Sample {
    /// A tensor with the elements of an array.
    pub fn new(value: impl Into<Value>) -> Sample {
        let value = value.into();
        Sample { tensor: Tensor::from_value(value.clone()), value }
    }

    /// The elements.
    pub fn value(&self) -> &Value {
        &self.value
    }
}

impl Deref for Sample {
    type Target = Tensor;
    fn deref(&self) -> &Tensor {
        &self.tensor
    }
}

impl fmt::Debug for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ok(ty) = self.tensor.ty() else { return fmt::Debug::fmt(&self.tensor, f) };
        match &self.value {
            Value::F32(array) => write!(f, "{ty} {array}"),
            Value::F64(array) => write!(f, "{ty} {array}"),
            Value::I32(array) => write!(f, "{ty} {array}"),
            Value::I64(array) => write!(f, "{ty} {array}"),
            other => write!(f, "{ty} {other:?}"),
        }
    }
}

/// Shapes `[rows, columns]`: a batch of samples with some features each.
///
/// ```
/// use crisol_testing::shape;
/// use proptest::prelude::*;
/// proptest!(|(shape in shape(1..4, 1..=7))| {
///     prop_assert!(shape.len() == 2 && shape[0] < 4 && shape[1] <= 7);
/// });
/// ```
pub fn shape(rows: impl Into<SizeRange>, columns: impl Into<SizeRange>) -> impl Strategy<Value = Vec<usize>> {
    sizes([rows.into(), columns.into()])
}

/// Shapes of one rank, with a range of sizes for each axis: `sizes([1..3, 5..9, 5..9, 1..4])` for small images.
pub fn sizes<R: Into<SizeRange>>(axes: impl IntoIterator<Item = R>) -> impl Strategy<Value = Vec<usize>> {
    let axes: Vec<Range<usize>> = axes
        .into_iter()
        .map(|axis| {
            let range: SizeRange = axis.into();
            range.start()..range.end_excl()
        })
        .collect();
    axes
}

/// Shapes of any of some ranks, every axis of any of some sizes.
///
/// ```
/// use crisol_testing::{any_shape, tensor};
/// use proptest::prelude::*;
/// proptest!(|(x in tensor(any_shape(0..4, 0..5), -1.0..1.0))| {
///     prop_assert!(x.rank()? < 4);
///     prop_assert_eq!((-&*x).abs().to_vec::<f32>()?, x.abs().to_vec::<f32>()?);
/// });
/// ```
pub fn any_shape(rank: impl Into<SizeRange>, size: impl Into<SizeRange>) -> impl Strategy<Value = Vec<usize>> {
    let size = size.into();
    vec(size.start()..size.end_excl(), rank)
}

/// Tensors in single precision, of shapes drawn from a strategy (`Just(vec![2, 3])` for a fixed one), with elements in a range.
pub fn tensor(shape: impl Strategy<Value = Vec<usize>>, range: Range<f64>) -> impl Strategy<Value = Sample> {
    filled(shape, move || (range.start..range.end).prop_map(|number| number as f32))
}

/// Tensors of class numbers below `classes` as 64-bit integers: labels, or words for an embedding.
pub fn labels(shape: impl Strategy<Value = Vec<usize>>, classes: usize) -> impl Strategy<Value = Sample> {
    filled(shape, move || 0..classes as i64)
}

fn filled<T, S>(shape: impl Strategy<Value = Vec<usize>>, element: impl Fn() -> S) -> impl Strategy<Value = Sample>
where
    T: fmt::Debug,
    S: Strategy<Value = T>,
    Value: From<ArrayD<T>>,
{
    shape.prop_flat_map(move |sizes| {
        let count: usize = sizes.iter().product();
        vec(element(), count).prop_filter_map("as many elements as the shape holds", move |elements| {
            ArrayD::from_shape_vec(IxDyn(&sizes), elements).ok().map(Sample::new)
        })
    })
}
