//! Operations that move elements: turned, joined, chosen by index, added up, ordered.

use super::{Generator, Known, MAX_ELEMENTS, shape};
use crisol_ir::{DType, Result};
use crisol_ops as ops;

impl Generator<'_> {
    /// One of them on `x`, which has at least one axis.
    pub(super) fn moved(&mut self, x: Known) -> Result<()> {
        let ty = self.ty(x);
        let axis = self.choices.below(ty.shape.rank()) as isize;
        let size = ty.shape[axis as usize];
        let arithmetic = ty.dtype.is_float() || matches!(ty.dtype, DType::I32 | DType::I64);
        match self.choices.below(8) {
            0..=1 => {
                let other = self.choices.below(ty.shape.rank()) as isize;
                let axes = if other == axis { vec![axis] } else { vec![axis, other] };
                let id = ops::flip(&mut self.graph, x.id, &axes)?;
                self.know(id, x.bound, x.error);
            }
            2..=3 if ty.shape.elements() <= MAX_ELEMENTS => {
                let y = self.find(ty.dtype, ty.shape, |other| {
                    other.dtype == ty.dtype
                        && other.shape.with_ones(&[axis as usize]) == ty.shape.with_ones(&[axis as usize])
                });
                let id = ops::concatenate(&mut self.graph, &[x.id, y.id], axis)?;
                self.know(id, x.bound.max(y.bound), x.error.max(y.error));
            }
            4 if size > 0 => self.taken(x, axis, size)?,
            5 if arithmetic && size > 0 && size < 200 && x.bound < 1e6 => {
                let id = ops::cumsum(&mut self.graph, x.id, axis, self.choices.below(2) == 1)?;
                let count = size as f64;
                if ty.dtype.is_float() {
                    self.inexact(id, count * x.bound, count * x.error, self.epsilon(x) * count);
                } else {
                    self.know(id, count * x.bound, 0.0);
                }
            }
            6 if ty.dtype != DType::Bool && size > 0 => {
                let id = ops::min(&mut self.graph, x.id, &[axis])?;
                self.know(id, x.bound, x.error);
            }
            // What order inexact numbers have is left open.
            7 if ty.dtype != DType::Bool && x.error == 0.0 => {
                let descending = self.choices.below(2) == 1;
                let count = size - self.choices.below(size.min(3));
                let id = ops::argsort(&mut self.graph, x.id, axis, descending, Some(count))?;
                self.know(id, (size as f64).max(1.0), 0.0);
            }
            _ => {}
        }
        Ok(())
    }

    /// Elements chosen along an axis by indices of both signs, and sometimes added up where they came from.
    fn taken(&mut self, x: Known, axis: isize, size: usize) -> Result<()> {
        let count = self.choices.of(&[0, 1, 3, 7]);
        let ty = self.ty(x);
        if ty.shape.elements() / size * count > MAX_ELEMENTS * 4 {
            return Ok(());
        }
        let numbers: Vec<i64> = (0..count).map(|_| self.choices.below(2 * size) as i64 - size as i64).collect();
        let indices = self.argument_of(numbers.into());
        let taken = ops::take(&mut self.graph, x.id, indices.id, axis)?;
        let taken = self.know(taken, x.bound, x.error);
        let float = ty.dtype.is_float();
        if axis == 0
            && count > 0
            && (float || matches!(ty.dtype, DType::I32 | DType::I64))
            && self.choices.below(2) == 0
        {
            let id = ops::segment_sum(&mut self.graph, taken.id, indices.id, size)?;
            let most = count as f64;
            if float {
                self.inexact(id, most * x.bound, most * x.error, self.epsilon(x) * most);
            } else {
                self.know(id, most * x.bound, 0.0);
            }
        }
        Ok(())
    }

    /// A vector of indices as a new argument, which nothing else reads: other numbers may be out of range elsewhere.
    fn argument_of(&mut self, numbers: crisol_ir::ndarray::Array1<i64>) -> Known {
        let id = self.graph.input(crisol_ir::TensorType::new(DType::I64, shape(&[numbers.len()])));
        self.arguments.push(crisol_ir::Value::I64(numbers.into_dyn()));
        let known = self.know(id, 1e4, 0.0);
        self.pool.pop();
        known
    }

    pub(super) fn reshape(&mut self, x: Known) -> Result<()> {
        let sizes = self.ty(x).shape;
        let count = sizes.elements();
        let mut to = vec![];
        let mut rest = count;
        for divisor in [2, 3, 5] {
            if self.choices.below(2) == 1 && rest > 0 && rest.is_multiple_of(divisor) {
                to.push(divisor);
                rest /= divisor;
            }
        }
        if self.choices.once_in(4) {
            to.push(1);
        }
        let at = self.choices.below(to.len() + 1);
        to.insert(at, rest);
        let id = ops::reshape(&mut self.graph, x.id, shape(&to))?;
        self.know(id, x.bound, x.error);
        Ok(())
    }

    pub(super) fn permute(&mut self, x: Known) -> Result<()> {
        let mut axes: Vec<usize> = (0..self.ty(x).shape.rank()).collect();
        for end in (1..axes.len()).rev() {
            axes.swap(end, self.choices.below(end + 1));
        }
        let id = ops::permute(&mut self.graph, x.id, &axes)?;
        self.know(id, x.bound, x.error);
        Ok(())
    }

    pub(super) fn slice(&mut self, x: Known) -> Result<()> {
        let sizes = self.ty(x).shape;
        let (mut start, mut size, mut step) = (vec![], vec![], vec![]);
        for &length in sizes.iter() {
            let from = self.choices.below(length.min(3));
            let by = 1 + self.choices.below(2);
            let most = (length - from).div_ceil(by);
            start.push(from);
            step.push(by);
            size.push(most - self.choices.below(most.min(3)));
        }
        let id = ops::slice(&mut self.graph, x.id, &start, &size, &step)?;
        self.know(id, x.bound, x.error);
        Ok(())
    }
}
