//! Results of a body: stored at every place, or reduced over axes.

use super::{Expression, Float, Number};
use crisol_ir::kernel::{Register, Unary};
use crisol_ir::primitive::Reduction;
use crisol_ir::{DType, Element};
use std::cell::Cell;
use std::marker::PhantomData;

/// A result of a [`Body`](super::Body): an [`Expression`] or a [`Reduced`] one.
pub struct Output<'k> {
    pub(super) draft: Draft,
    brand: PhantomData<Cell<&'k ()>>,
}

/// An expression combined over axes: all of them, unless [`axes`](Reduced::axes) says which.
pub struct Reduced<'k> {
    draft: Draft,
    brand: PhantomData<Cell<&'k ()>>,
}

/// What is known of a result before any array is.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub value: Register,
    pub dtype: DType,
    /// `None` if it is stored.
    pub reduce: Option<Reduce>,
}

#[derive(Clone, Debug)]
pub(crate) struct Reduce {
    pub by: Reduction,
    pub finish: Finish,
    /// `None` for all; negative ones count from the end.
    pub axes: Option<Vec<isize>>,
    pub keep: bool,
}

/// What is done to a combined value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finish {
    Nothing,
    /// Divided by the number of elements combined.
    Mean,
    /// Turned back: a smallest number is found as the largest of the opposites.
    Opposite,
}

impl<'k, T: Element> From<Expression<'k, T>> for Output<'k> {
    fn from(x: Expression<'k, T>) -> Output<'k> {
        Output { draft: Draft { value: x.register, dtype: T::DTYPE, reduce: None }, brand: PhantomData }
    }
}

impl<'k> From<Reduced<'k>> for Output<'k> {
    fn from(reduced: Reduced<'k>) -> Output<'k> {
        Output { draft: reduced.draft, brand: PhantomData }
    }
}

impl<'k> Reduced<'k> {
    /// Combines over these axes of the shape that all inputs broadcast to; negative ones count from the end.
    #[must_use]
    pub fn axes(mut self, axes: impl IntoIterator<Item = isize>) -> Self {
        if let Some(reduce) = &mut self.draft.reduce {
            reduce.axes = Some(axes.into_iter().collect());
        }
        self
    }

    /// Leaves the axes in the result, with size 1: NumPy's `keepdims`.
    #[must_use]
    pub fn keep_axes(mut self) -> Self {
        if let Some(reduce) = &mut self.draft.reduce {
            reduce.keep = true;
        }
        self
    }
}

impl<'k, T: Number> Expression<'k, T> {
    /// The sum over all axes, or those that [`Reduced::axes`] names; 0 over nothing. Integers wrap.
    ///
    /// Sums are kept in the type of the elements, in 16 parts along the innermost axis that are combined at the end: the
    /// rounding error grows much slower than that of a plain loop.
    pub fn sum(self) -> Reduced<'k> {
        self.reduce(Reduction::Sum, Finish::Nothing)
    }

    /// The largest number over axes; NaN if there is one, an error over nothing.
    pub fn max(self) -> Reduced<'k> {
        self.reduce(Reduction::Max, Finish::Nothing)
    }

    /// The smallest number over axes; NaN if there is one, an error over nothing.
    pub fn min(self) -> Reduced<'k> {
        let opposite = self.then::<T>(|builder, x| {
            // Of integers the complement, which unlike the negative exists for all of them.
            let operation = if T::DTYPE.is_float() { Unary::Negate } else { Unary::Not };
            builder.unary(operation, x)
        });
        opposite.reduce(Reduction::Max, Finish::Opposite)
    }

    fn reduce(self, by: Reduction, finish: Finish) -> Reduced<'k> {
        let reduce = Some(Reduce { by, finish, axes: None, keep: false });
        Reduced { draft: Draft { value: self.register, dtype: T::DTYPE, reduce }, brand: PhantomData }
    }
}

impl<'k, T: Float> Expression<'k, T> {
    /// The sum divided by the number of elements; NaN over nothing.
    pub fn mean(self) -> Reduced<'k> {
        self.reduce(Reduction::Sum, Finish::Mean)
    }
}
