//! Choosing elements by index, and tensors made of places: counting, masks, diagonals.

use crate::recorder::record;
use crate::tensor::Tensor;
use crisol_ir::{DType, Error, ErrorKind, Result};

/// Choosing by index. Negative indices count from the end; one out of range is an error when the value is computed.
impl Tensor {
    /// The elements (or rows, or slices) that `indices` name along `axis`, which the axes of `indices` replace. With
    /// `axis` 0 and a matrix, an embedding lookup.
    ///
    /// ```
    /// # use crisol_tensor::Tensor;
    /// let table = Tensor::from_slice(&[0.0f32, 1.0, 10.0, 11.0, 20.0, 21.0], [3, 2]);
    /// let rows = table.take(&Tensor::from_slice(&[2, 0, -1], [3]), 0);
    /// assert_eq!(rows.to_vec::<f32>()?, [20.0, 21.0, 0.0, 1.0, 20.0, 21.0]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn take(&self, indices: &Tensor, axis: isize) -> Tensor {
        record(&[self, indices], |graph, x| crisol_ops::take(graph, x[0], x[1], axis))
    }

    /// The element that the index at each place names along `axis`: `indices` has as many axes as this, and the others
    /// broadcast.
    ///
    /// ```
    /// # use crisol_tensor::Tensor;
    /// let x = Tensor::from_slice(&[3.0f32, 1.0, 2.0, 6.0, 5.0, 4.0], [2, 3]);
    /// let largest = x.take_along_axis(&x.argmax(-1).expand_dims(-1), -1);
    /// assert_eq!(largest.to_vec::<f32>()?, [3.0, 6.0]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn take_along_axis(&self, indices: &Tensor, axis: isize) -> Tensor {
        record(&[self, indices], |graph, x| crisol_ops::take_along_axis(graph, x[0], x[1], axis))
    }

    /// The sums of the rows that have the same number in `segments`, a vector with one for each row; `count` rows come
    /// out.
    ///
    /// ```
    /// # use crisol_tensor::Tensor;
    /// let x = Tensor::from_slice(&[1.0f32, 2.0, 4.0], [3]);
    /// let sums = x.segment_sum(&Tensor::from_slice(&[1, 0, 1], [3]), 3);
    /// assert_eq!(sums.to_vec::<f32>()?, [2.0, 5.0, 0.0]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn segment_sum(&self, segments: &Tensor, count: usize) -> Tensor {
        record(&[self, segments], |graph, x| crisol_ops::segment_sum(graph, x[0], x[1], count))
    }

    /// For integers: a new last axis of `depth` places, 1 where the number says and 0 elsewhere, in single precision. A
    /// number out of range makes zeros only.
    #[track_caller]
    #[must_use]
    pub fn one_hot(&self, depth: usize) -> Tensor {
        record(&[self], |graph, x| crisol_ops::one_hot(graph, x[0], depth, DType::F32))
    }
}

/// Matrices and their diagonals; `offset` moves the diagonal to the right.
impl Tensor {
    /// The lower triangles of matrices, zeros above.
    ///
    /// ```
    /// # use crisol_tensor::Tensor;
    /// assert_eq!(Tensor::ones([2, 3]).tril(0).to_vec::<f32>()?, [1.0, 0.0, 0.0, 1.0, 1.0, 0.0]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn tril(&self, offset: isize) -> Tensor {
        record(&[self], |graph, x| crisol_ops::tril(graph, x[0], offset))
    }

    /// The upper triangles of matrices, zeros below.
    #[track_caller]
    #[must_use]
    pub fn triu(&self, offset: isize) -> Tensor {
        record(&[self], |graph, x| crisol_ops::triu(graph, x[0], offset))
    }

    /// Square matrices with the last axis on their diagonal, zeros elsewhere.
    #[track_caller]
    #[must_use]
    pub fn diag(&self, offset: isize) -> Tensor {
        record(&[self], |graph, x| crisol_ops::diag(graph, x[0], offset))
    }

    /// The diagonals of the matrices in the first two axes, which vanish: the new last axis.
    #[track_caller]
    #[must_use]
    pub fn diagonal(&self, offset: isize) -> Tensor {
        self.diagonal_of(offset, 0, 1)
    }

    /// The diagonals of the matrices in two axes, which vanish: the new last axis.
    #[track_caller]
    #[must_use]
    pub fn diagonal_of(&self, offset: isize, axis1: isize, axis2: isize) -> Tensor {
        record(&[self], |graph, x| crisol_ops::diagonal(graph, x[0], offset, [axis1, axis2]))
    }

    /// The sums of the diagonals of the matrices in the first two axes, which vanish.
    #[track_caller]
    #[must_use]
    pub fn trace(&self, offset: isize) -> Tensor {
        record(&[self], |graph, x| crisol_ops::trace(graph, x[0], offset, [0, 1]))
    }

    /// A matrix of zeros with ones on its diagonal, in single precision.
    #[track_caller]
    pub fn eye(rows: usize, columns: usize, offset: isize) -> Tensor {
        record(&[], |graph, _| crisol_ops::eye(graph, DType::F32, rows, columns, offset))
    }
}

/// Counting.
impl Tensor {
    /// The numbers 0, 1, ... below `end` as a vector of `dtype`.
    #[track_caller]
    pub fn range(dtype: DType, end: usize) -> Tensor {
        record(&[], |graph, _| {
            let places = crisol_ops::iota(graph, DType::I64, end.try_into()?)?;
            crisol_ops::cast(graph, places, dtype)
        })
    }

    /// The numbers `start`, `start + step`, ... before `stop`, as a vector of `dtype`, which has arithmetic.
    ///
    /// ```
    /// # use crisol_tensor::{DType, Tensor};
    /// assert_eq!(Tensor::arange(DType::I32, 5.0, -1.0, -2.0).to_vec::<i32>()?, [5, 3, 1]);
    /// assert_eq!(Tensor::arange(DType::F32, 0.0, 1.0, 0.25).to_vec::<f32>()?, [0.0, 0.25, 0.5, 0.75]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[track_caller]
    pub fn arange(dtype: DType, start: f64, stop: f64, step: f64) -> Tensor {
        let count = ((stop - start) / step).ceil();
        let (start, step) = (Tensor::scalar(dtype, start), Tensor::scalar(dtype, step));
        record(&[&start, &step], |graph, x| {
            if !count.is_finite() {
                let text = "no step of this size leads from start to stop";
                return Err(Error::new(ErrorKind::Value, text).operation("arange"));
            }
            crisol_ops::arange(graph, x[0], x[1], count.max(0.0) as usize)
        })
    }

    /// `count` numbers evenly from `start` to `stop`, which is the last one, in single precision.
    ///
    /// ```
    /// # use crisol_tensor::Tensor;
    /// assert_eq!(Tensor::linspace(0.0, 1.0, 5).to_vec::<f32>()?, [0.0, 0.25, 0.5, 0.75, 1.0]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[track_caller]
    pub fn linspace(start: f64, stop: f64, count: usize) -> Tensor {
        let (start, stop) = (Tensor::scalar(DType::F32, start), Tensor::scalar(DType::F32, stop));
        record(&[&start, &stop], |graph, x| crisol_ops::linspace(graph, x[0], x[1], count))
    }

    /// How often each of the numbers 0, 1, ... below `count` stands in this vector of integers, as `int32`. A number
    /// out of range is an error when the value is computed.
    #[track_caller]
    #[must_use]
    pub fn bincount(&self, count: usize) -> Tensor {
        self.bincount_of(&Tensor::scalar(DType::I32, 1.0), count)
    }

    /// The sums of the `weights` of each of the numbers 0, 1, ... below `count` in this vector of integers; weights
    /// broadcast.
    #[track_caller]
    #[must_use]
    pub fn bincount_of(&self, weights: &Tensor, count: usize) -> Tensor {
        let make = || -> Result<Tensor> { Ok(weights.broadcast_to(self.shape()?).segment_sum(self, count)) };
        make().into()
    }

    /// For each element, how many of the rising `boundaries` (a vector) are less than or equal to it: the number of its
    /// bin, as `int32`, NumPy's `digitize`.
    ///
    /// ```
    /// # use crisol_tensor::Tensor;
    /// let x = Tensor::from_slice(&[-1.0f32, 0.0, 0.5, 7.0], [4]);
    /// let bins = x.digitize(&Tensor::from_slice(&[0.0f32, 1.0, 5.0], [3]));
    /// assert_eq!(bins.to_vec::<i32>()?, [0, 1, 1, 3]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn digitize(&self, boundaries: &Tensor) -> Tensor {
        self.expand_dims(-1).greater_equal(boundaries).cast(DType::I32).sum(-1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_out_of_range_is_an_error_where_the_value_is_read() {
        let x = Tensor::range(DType::F32, 5);
        let wrong = x.take(&Tensor::from_slice(&[0i64, 7], [2]), 0);
        let text = wrong.to_vec::<f32>().unwrap_err().to_string();
        assert!(text.contains("gather: index 7 at place 1 of the indices is out of range for an axis of 5"), "{text}");
        // The thread's recording goes on.
        assert_eq!(Tensor::range(DType::I32, 3).flip(&[0]).to_vec::<i32>().unwrap(), [2, 1, 0]);
    }

    #[test]
    fn counts_and_weights_by_number() {
        let numbers = Tensor::from_slice(&[2, 0, 2, 1], [4]);
        assert_eq!(numbers.bincount(4).to_vec::<i32>().unwrap(), [1, 1, 2, 0]);
        let weights = Tensor::from_slice(&[0.5f32, 1.0, 0.25, 2.0], [4]);
        assert_eq!(numbers.bincount_of(&weights, 3).to_vec::<f32>().unwrap(), [1.0, 2.0, 0.75]);
    }

    #[test]
    fn counting_in_any_type() {
        assert_eq!(Tensor::range(DType::U8, 3).to_vec::<u8>().unwrap(), [0, 1, 2]);
        assert_eq!(Tensor::arange(DType::I64, 0.0, 0.0, 1.0).to_vec::<i64>().unwrap(), []);
        let endless = Tensor::arange(DType::F32, 0.0, 1.0, 0.0);
        assert!(endless.check().unwrap_err().to_string().starts_with("arange: no step of this size"));
        assert_eq!(Tensor::eye(2, 2, 0).trace(0).item().unwrap(), 2.0);
    }
}
