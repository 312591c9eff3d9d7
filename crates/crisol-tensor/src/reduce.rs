//! Reductions over one axis, several, or all; running sums; orders.

use crate::recorder::record;
use crate::tensor::Tensor;
use crisol_ir::{Error, ErrorKind, Graph, NodeId, Result, Shape};
use smallvec::SmallVec;

/// The axes to reduce: one number or several, negative ones counted from the end.
pub trait Axes {
    /// The axes of a tensor of the given shape, sorted.
    ///
    /// # Errors
    /// An axis that does not exist or is named twice.
    fn resolve(&self, shape: &Shape) -> Result<SmallVec<[usize; 8]>>;
}

impl Axes for [isize] {
    fn resolve(&self, shape: &Shape) -> Result<SmallVec<[usize; 8]>> {
        let mut axes = SmallVec::new();
        for &axis in self {
            let axis = shape.axis(axis)?;
            if axes.contains(&axis) {
                return Err(Error::new(ErrorKind::Axis, format!("axis {axis} of {shape} is named twice in {self:?}")));
            }
            axes.push(axis);
        }
        axes.sort_unstable();
        Ok(axes)
    }
}

impl<const N: usize> Axes for [isize; N] {
    fn resolve(&self, shape: &Shape) -> Result<SmallVec<[usize; 8]>> {
        self.as_slice().resolve(shape)
    }
}

impl Axes for isize {
    fn resolve(&self, shape: &Shape) -> Result<SmallVec<[usize; 8]>> {
        [*self].resolve(shape)
    }
}

impl<A: Axes + ?Sized> Axes for &A {
    fn resolve(&self, shape: &Shape) -> Result<SmallVec<[usize; 8]>> {
        (**self).resolve(shape)
    }
}

/// All axes.
#[derive(Clone, Copy, Debug)]
struct All;

impl Axes for All {
    fn resolve(&self, shape: &Shape) -> Result<SmallVec<[usize; 8]>> {
        Ok((0..shape.rank()).collect())
    }
}

impl Tensor {
    #[track_caller]
    fn reduce(&self, axes: impl Axes, keep: bool, reduction: Reducer) -> Tensor {
        record(&[self], |graph, x| {
            let shape = graph.ty(x[0]).shape;
            let axes = axes.resolve(&shape)?;
            let signed: SmallVec<[isize; 8]> = axes.iter().map(|&axis| axis as isize).collect();
            let reduced = reduction(graph, x[0], &signed)?;
            if keep { crisol_ops::reshape(graph, reduced, shape.with_ones(&axes)) } else { Ok(reduced) }
        })
    }
}

/// For each reduction its three forms: the axes vanish, stay with size 1, or are all there are.
macro_rules! reductions {
    ($($name:ident, $keep:ident, $all:ident, $operation:path, $what:literal;)*) => {
        impl Tensor {$(
            #[doc = concat!($what, " over the axes, which vanish.")]
            #[track_caller]
            #[must_use]
            pub fn $name(&self, axes: impl Axes) -> Tensor {
                self.reduce(axes, false, $operation)
            }

            #[doc = concat!($what, " over the axes, which stay with size 1.")]
            #[track_caller]
            #[must_use]
            pub fn $keep(&self, axes: impl Axes) -> Tensor {
                self.reduce(axes, true, $operation)
            }

            #[doc = concat!($what, " over all axes, a scalar.")]
            #[track_caller]
            #[must_use]
            pub fn $all(&self) -> Tensor {
                self.reduce(All, false, $operation)
            }
        )*}
    };
}

reductions! {
    sum, sum_keep, sum_all, crisol_ops::sum, "The sum (0 of nothing)";
    prod, prod_keep, prod_all, crisol_ops::product, "The product (1 of nothing)";
    max, max_keep, max_all, crisol_ops::max, "The largest element, NaN if there is one,";
    min, min_keep, min_all, crisol_ops::min, "The smallest element, NaN if there is one,";
    mean, mean_keep, mean_all, crisol_ops::mean, "The mean (NaN of nothing)";
    var, var_keep, var_all, crisol_ops::variance, "The variance, the mean squared distance from the mean (NumPy's `ddof = 0`),";
    std, std_keep, std_all, deviation, "The standard deviation (NumPy's `ddof = 0`)";
    logsumexp, logsumexp_keep, logsumexp_all, crisol_ops::logsumexp, "`log(sum(e^x))`, without overflow,";
    any, any_keep, any_all, crisol_ops::reduce_any, "Whether one element at least is true, or not zero,";
    all, all_keep, all_all, crisol_ops::reduce_all, "Whether every element is true, or not zero,";
    count_nonzero, count_nonzero_keep, count_nonzero_all, crisol_ops::count_nonzero, "The number of elements that are not zero, as `int32`,";
}

fn deviation(graph: &mut Graph, x: NodeId, axes: &[isize]) -> Result<NodeId> {
    let variance = crisol_ops::variance(graph, x, axes)?;
    crisol_ops::sqrt(graph, variance)
}

impl Tensor {
    /// The length of vectors along the axes, which vanish: `order` 2 is the root of the sum of squares, 1 the sum of
    /// absolute values, infinity the largest absolute value, minus infinity the smallest.
    ///
    /// ```
    /// # use crisol_tensor::Tensor;
    /// let x = Tensor::from_slice(&[3.0f32, -4.0], [2]);
    /// assert_eq!(x.norm(2.0, 0).item()?, 5.0);
    /// assert_eq!(x.norm(f64::INFINITY, 0).item()?, 4.0);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn norm(&self, order: f64, axes: impl Axes) -> Tensor {
        record(&[self], |graph, x| {
            let axes = axes.resolve(&graph.ty(x[0]).shape)?;
            let signed: SmallVec<[isize; 8]> = axes.iter().map(|&axis| axis as isize).collect();
            crisol_ops::norm(graph, x[0], order, &signed)
        })
    }

    /// The place of the largest element along an axis as `int32`, the first of several; a NaN counts as the largest.
    #[track_caller]
    #[must_use]
    pub fn argmax(&self, axis: isize) -> Tensor {
        record(&[self], |graph, x| crisol_ops::argmax(graph, x[0], axis))
    }

    /// The place of the smallest element along an axis as `int32`, the first of several; a NaN counts as the smallest.
    #[track_caller]
    #[must_use]
    pub fn argmin(&self, axis: isize) -> Tensor {
        record(&[self], |graph, x| crisol_ops::argmin(graph, x[0], axis))
    }

    /// The running sums along an axis.
    ///
    /// ```
    /// # use crisol_tensor::Tensor;
    /// let x = Tensor::from_slice(&[1.0f32, 2.0, 3.0], [3]);
    /// assert_eq!(x.cumsum(0).to_vec::<f32>()?, [1.0, 3.0, 6.0]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn cumsum(&self, axis: isize) -> Tensor {
        record(&[self], |graph, x| crisol_ops::cumsum(graph, x[0], axis, false))
    }

    /// The running products along an axis.
    #[track_caller]
    #[must_use]
    pub fn cumprod(&self, axis: isize) -> Tensor {
        record(&[self], |graph, x| crisol_ops::cumprod(graph, x[0], axis))
    }
}

/// Orders. NaN counts as larger than all numbers; equal elements keep their order.
impl Tensor {
    /// The elements along an axis in rising order. The gradient goes back to where each came from.
    ///
    /// ```
    /// # use crisol_tensor::Tensor;
    /// let x = Tensor::from_slice(&[2.0f32, 1.0, 3.0], [3]);
    /// assert_eq!(x.sort(0).to_vec::<f32>()?, [1.0, 2.0, 3.0]);
    /// assert_eq!(x.argsort(0).to_vec::<i32>()?, [1, 0, 2]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn sort(&self, axis: isize) -> Tensor {
        record(&[self], |graph, x| crisol_ops::sort(graph, x[0], axis, false))
    }

    /// The elements along an axis in falling order.
    #[track_caller]
    #[must_use]
    pub fn sort_descending(&self, axis: isize) -> Tensor {
        record(&[self], |graph, x| crisol_ops::sort(graph, x[0], axis, true))
    }

    /// The places of the elements along an axis in rising order, as `int32`.
    #[track_caller]
    #[must_use]
    pub fn argsort(&self, axis: isize) -> Tensor {
        record(&[self], |graph, x| crisol_ops::argsort(graph, x[0], axis, false, None))
    }

    /// The places of the elements along an axis in falling order, as `int32`.
    #[track_caller]
    #[must_use]
    pub fn argsort_descending(&self, axis: isize) -> Tensor {
        record(&[self], |graph, x| crisol_ops::argsort(graph, x[0], axis, true, None))
    }

    /// The `count` largest elements along the last axis, in falling order, and their places as `int32`.
    ///
    /// ```
    /// # use crisol_tensor::Tensor;
    /// let (largest, places) = Tensor::from_slice(&[1.0f32, 5.0, 2.0], [3]).top_k(2);
    /// assert_eq!(largest.to_vec::<f32>()?, [5.0, 2.0]);
    /// assert_eq!(places.to_vec::<i32>()?, [1, 2]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn top_k(&self, count: usize) -> (Tensor, Tensor) {
        let places = record(&[self], |graph, x| crisol_ops::argsort(graph, x[0], -1, true, Some(count)));
        (self.take_along_axis(&places, -1), places)
    }
}

type Reducer = fn(&mut Graph, NodeId, &[isize]) -> Result<NodeId>;
