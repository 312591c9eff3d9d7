//! [`Held`]: an array that is given to a model, borrowed where that is possible, and read row by row.

use crisol_data::Array;
use crisol_ir::ndarray::{ArrayBase, Data, Dimension};
use crisol_ir::value::Typed;
use crisol_tensor::Tensor;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// An array of any type, and which of its rows are meant. Nothing of it is copied until a batch is made.
#[derive(Clone)]
pub(crate) struct Held<'a> {
    array: Arc<dyn Rows + 'a>,
    rows: Range<usize>,
    shape: Vec<usize>,
}

/// What a batch is copied from.
pub(crate) trait Rows {
    /// The sizes of the axes.
    fn sizes(&self) -> &[usize];
    /// Rows in any order.
    fn batch(&self, rows: &[usize]) -> Tensor;
}

impl<T: Typed, S: Data<Elem = T>, D: Dimension> Rows for ArrayBase<S, D> {
    fn sizes(&self) -> &[usize] {
        self.shape()
    }

    fn batch(&self, rows: &[usize]) -> Tensor {
        Tensor::from_rows(self, rows)
    }
}

impl<R: Rows> Rows for &R {
    fn sizes(&self) -> &[usize] {
        (**self).sizes()
    }

    fn batch(&self, rows: &[usize]) -> Tensor {
        (**self).batch(rows)
    }
}

impl Rows for Array {
    fn sizes(&self) -> &[usize] {
        self.shape()
    }

    fn batch(&self, rows: &[usize]) -> Tensor {
        match self {
            Array::F32(array) => Tensor::from_rows(array, rows),
            Array::F64(array) => Tensor::from_rows(array, rows),
            Array::I32(array) => Tensor::from_rows(array, rows),
            Array::I64(array) => Tensor::from_rows(array, rows),
            Array::U8(array) => Tensor::from_rows(array, rows),
            Array::Bool(array) => Tensor::from_rows(array, rows),
        }
    }
}

impl<'a> Held<'a> {
    pub(crate) fn new(array: impl Rows + 'a) -> Held<'a> {
        let shape = array.sizes().to_vec();
        let rows = 0..shape.first().copied().unwrap_or(0);
        Held { array: Arc::new(array), rows, shape }
    }

    /// The sizes of the axes, of which the first counts the samples.
    pub(crate) fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The number of samples.
    pub(crate) fn samples(&self) -> usize {
        self.rows.len()
    }

    /// Some of the rows, which are there.
    pub(crate) fn slice(&self, rows: Range<usize>) -> Held<'a> {
        let mut part = self.clone();
        part.rows = self.rows.start + rows.start..self.rows.start + rows.end;
        if let Some(samples) = part.shape.first_mut() {
            *samples = rows.len();
        }
        part
    }

    /// Rows in any order, as a tensor.
    pub(crate) fn batch(&self, rows: &[usize]) -> Tensor {
        match self.rows.start {
            0 => self.array.batch(rows),
            first => self.array.batch(&rows.iter().map(|row| first + row).collect::<Vec<_>>()),
        }
    }
}

impl fmt::Debug for Held<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "array of {:?}", self.shape)
    }
}
