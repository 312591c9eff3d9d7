//! The same elements in other places: reshape, permute, broadcast, slice, pad, flip, join, cut, repeat.

use crate::recorder::record;
use crate::tensor::Tensor;
use crisol_ir::{Error, ErrorKind, Result, Shape};
use std::ops::Range;

impl Tensor {
    /// The same elements in row-major order in another shape.
    #[track_caller]
    #[must_use]
    pub fn reshape<S>(&self, shape: S) -> Tensor
    where
        S: TryInto<Shape>,
        Error: From<S::Error>,
    {
        record(&[self], |graph, x| crisol_ops::reshape(graph, x[0], shape.try_into()?))
    }

    /// The axes in another order: axis `i` of the result is axis `order[i]` of this.
    #[track_caller]
    #[must_use]
    pub fn permute(&self, order: &[usize]) -> Tensor {
        record(&[self], |graph, x| crisol_ops::permute(graph, x[0], order))
    }

    /// The last two axes exchanged.
    #[track_caller]
    #[must_use]
    pub fn transpose(&self) -> Tensor {
        record(&[self], |graph, x| {
            let rank = graph.ty(x[0]).shape.rank();
            if rank < 2 {
                return Err(Error::new(
                    ErrorKind::Shape,
                    format!("transpose needs two axes, found shape {}", graph.ty(x[0]).shape),
                ));
            }
            let mut order: Vec<usize> = (0..rank).collect();
            order.swap(rank - 1, rank - 2);
            crisol_ops::permute(graph, x[0], &order)
        })
    }

    /// The elements repeated along new axes in front and axes of size 1, by NumPy's rule.
    #[track_caller]
    #[must_use]
    pub fn broadcast_to<S>(&self, shape: S) -> Tensor
    where
        S: TryInto<Shape>,
        Error: From<S::Error>,
    {
        record(&[self], |graph, x| crisol_ops::broadcast(graph, x[0], shape.try_into()?))
    }

    /// A new axis of size 1 at the given place (negative: counted from the end of the result).
    #[track_caller]
    #[must_use]
    pub fn expand_dims(&self, axis: isize) -> Tensor {
        record(&[self], |graph, x| crisol_ops::expand_dims(graph, x[0], axis))
    }

    /// The shape without the given axes, which must have size 1; without every such axis if none are given.
    ///
    /// ```
    /// # use crisol_tensor::Tensor;
    /// assert_eq!(Tensor::zeros([1, 3, 1]).squeeze(&[-1]).shape()?.sizes(), [1, 3]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn squeeze(&self, axes: &[isize]) -> Tensor {
        record(&[self], |graph, x| crisol_ops::squeeze(graph, x[0], axes))
    }

    /// Two axes exchanged.
    #[track_caller]
    #[must_use]
    pub fn swapaxes(&self, a: isize, b: isize) -> Tensor {
        record(&[self], |graph, x| crisol_ops::swapaxes(graph, x[0], a, b))
    }

    /// An axis moved to the place `to`, the others keeping their order.
    #[track_caller]
    #[must_use]
    pub fn moveaxis(&self, axis: isize, to: isize) -> Tensor {
        record(&[self], |graph, x| crisol_ops::moveaxis(graph, x[0], axis, to))
    }

    /// The elements in reverse order along the axes.
    ///
    /// ```
    /// # use crisol_tensor::Tensor;
    /// let x = Tensor::from_slice(&[1.0f32, 2.0, 3.0, 4.0], [2, 2]);
    /// assert_eq!(x.flip(&[1]).to_vec::<f32>()?, [2.0, 1.0, 4.0, 3.0]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn flip(&self, axes: &[isize]) -> Tensor {
        record(&[self], |graph, x| crisol_ops::flip(graph, x[0], axes))
    }

    /// The elements of one range an axis.
    ///
    /// ```
    /// # use crisol_tensor::Tensor;
    /// let x = Tensor::from_slice(&[1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0], [2, 3]);
    /// assert_eq!(x.slice(&[0..2, 1..2]).to_vec::<f32>()?, [2.0, 5.0]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn slice(&self, ranges: &[Range<usize>]) -> Tensor {
        let steps: Vec<usize> = vec![1; ranges.len()];
        self.slice_steps(ranges, &steps)
    }

    /// The elements of one range an axis, every `steps[axis]`-th.
    #[track_caller]
    #[must_use]
    pub fn slice_steps(&self, ranges: &[Range<usize>], steps: &[usize]) -> Tensor {
        let starts: Vec<usize> = ranges.iter().map(|range| range.start).collect();
        let sizes: Vec<usize> =
            ranges.iter().zip(steps).map(|(range, &step)| range.len().div_ceil(step.max(1))).collect();
        record(&[self], |graph, x| crisol_ops::slice(graph, x[0], &starts, &sizes, steps))
    }

    /// Along one axis, the elements `start`, `start + step`, ... before `end`, by NumPy's rule: negative numbers count
    /// from the end, ends outside of the axis are cut, a negative step walks backwards, `None` is the end that the step
    /// comes from or goes to.
    ///
    /// ```
    /// # use crisol_tensor::Tensor;
    /// let x = Tensor::from_slice(&[0.0f32, 1.0, 2.0, 3.0, 4.0], [5]);
    /// assert_eq!(x.slice_axis(0, Some(-1), None, -2).to_vec::<f32>()?, [4.0, 2.0, 0.0]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn slice_axis(&self, axis: isize, start: Option<isize>, end: Option<isize>, step: isize) -> Tensor {
        record(&[self], |graph, x| crisol_ops::slice_by_steps(graph, x[0], axis, start, end, step))
    }

    /// Zeros added before and after the elements of each axis.
    #[track_caller]
    #[must_use]
    pub fn pad(&self, widths: &[(usize, usize)]) -> Tensor {
        let (low, high): (Vec<usize>, Vec<usize>) = widths.iter().copied().unzip();
        record(&[self], |graph, x| crisol_ops::pad(graph, x[0], &low, &high))
    }

    /// The shape flattened to `[first axis, all others]`.
    ///
    /// # Errors
    /// A scalar, or a tensor that carries an error.
    pub fn flat_shape(&self) -> Result<[usize; 2]> {
        let shape = self.shape()?;
        match shape.sizes() {
            [] => Err(Error::new(ErrorKind::Shape, "a scalar has no first axis")),
            [first, rest @ ..] => Ok([*first, rest.iter().product()]),
        }
    }
}
