//! Reductions: sum, mean, maximum, variance, standard deviation, over one axis, several, or all.

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

    /// The sum over the axes, which vanish.
    #[track_caller]
    #[must_use]
    pub fn sum(&self, axes: impl Axes) -> Tensor {
        self.reduce(axes, false, crisol_ops::sum)
    }

    /// The sum over the axes, which stay with size 1.
    #[track_caller]
    #[must_use]
    pub fn sum_keep(&self, axes: impl Axes) -> Tensor {
        self.reduce(axes, true, crisol_ops::sum)
    }

    /// The sum of all elements, a scalar.
    #[track_caller]
    #[must_use]
    pub fn sum_all(&self) -> Tensor {
        self.reduce(All, false, crisol_ops::sum)
    }

    /// The largest element along the axes, which vanish; NaN if there is one.
    #[track_caller]
    #[must_use]
    pub fn max(&self, axes: impl Axes) -> Tensor {
        self.reduce(axes, false, crisol_ops::max)
    }

    /// The largest element along the axes, which stay with size 1.
    #[track_caller]
    #[must_use]
    pub fn max_keep(&self, axes: impl Axes) -> Tensor {
        self.reduce(axes, true, crisol_ops::max)
    }

    /// The largest of all elements, a scalar.
    #[track_caller]
    #[must_use]
    pub fn max_all(&self) -> Tensor {
        self.reduce(All, false, crisol_ops::max)
    }

    /// The mean over the axes, which vanish; NaN over no elements.
    #[track_caller]
    #[must_use]
    pub fn mean(&self, axes: impl Axes) -> Tensor {
        self.reduce(axes, false, crisol_ops::mean)
    }

    /// The mean over the axes, which stay with size 1.
    #[track_caller]
    #[must_use]
    pub fn mean_keep(&self, axes: impl Axes) -> Tensor {
        self.reduce(axes, true, crisol_ops::mean)
    }

    /// The mean of all elements, a scalar.
    #[track_caller]
    #[must_use]
    pub fn mean_all(&self) -> Tensor {
        self.reduce(All, false, crisol_ops::mean)
    }

    /// The variance over the axes, which vanish: the mean squared distance from the mean (NumPy's `ddof = 0`).
    #[track_caller]
    #[must_use]
    pub fn var(&self, axes: impl Axes) -> Tensor {
        let distance = self - self.mean_keep(&axes);
        distance.square().mean(axes)
    }

    /// The variance of all elements, a scalar.
    #[track_caller]
    #[must_use]
    pub fn var_all(&self) -> Tensor {
        self.var(All)
    }

    /// The standard deviation over the axes, which vanish.
    #[track_caller]
    #[must_use]
    pub fn std(&self, axes: impl Axes) -> Tensor {
        self.var(axes).sqrt()
    }

    /// The standard deviation of all elements, a scalar.
    #[track_caller]
    #[must_use]
    pub fn std_all(&self) -> Tensor {
        self.var(All).sqrt()
    }

    /// The place of the largest element along an axis as `int32`, the first of several; a NaN counts as the largest.
    #[track_caller]
    #[must_use]
    pub fn argmax(&self, axis: isize) -> Tensor {
        let make = || -> Result<Tensor> {
            let shape = self.shape()?;
            let at = shape.axis(axis)?;
            let mut sizes = vec![1; shape.rank()];
            sizes[at] = shape[at];
            let places = Tensor::range(crisol_ir::DType::I32, shape[at]).reshape(Shape::new(&sizes)?);
            // Places of the largest elements, negated, so that the maximum finds the first of them.
            let largest = self.equal(self.max_keep(axis)).logical_or(&self.not_equal(self));
            Ok(-largest.select(-places, -(shape[at] as f64)).max(axis))
        };
        make().into()
    }
}

type Reducer = fn(&mut Graph, NodeId, &[isize]) -> Result<NodeId>;
