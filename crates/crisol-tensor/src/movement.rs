//! The same elements in other places: reshape, permute, broadcast, slice, pad.

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
        record(&[self], |graph, x| {
            let shape = graph.ty(x[0]).shape;
            let mut sizes = shape.sizes().to_vec();
            let rank = sizes.len() as isize + 1;
            let at = if axis < 0 { axis + rank } else { axis };
            if !(0..rank).contains(&at) {
                return Err(Error::new(
                    ErrorKind::Axis,
                    format!("axis {axis} cannot be added to {shape}: expected {} to {}", -rank, rank - 1),
                ));
            }
            sizes.insert(at as usize, 1);
            crisol_ops::reshape(graph, x[0], Shape::new(&sizes)?)
        })
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
