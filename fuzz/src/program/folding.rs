//! Operations that add many elements up: reductions, products, convolutions; and pooling.

use super::{Generator, Known, MAX_ELEMENTS, shape};
use crisol_ir::Result;
use crisol_ir::value::Constant;
use crisol_ops as ops;

impl Generator<'_> {
    pub(super) fn reduce(&mut self, x: Known) -> Result<()> {
        let ty = self.ty(x);
        let rank = ty.shape.rank();
        let mask = 1 + self.choices.below((1 << rank) - 1);
        let axes: Vec<isize> = (0..rank as isize).filter(|axis| mask >> axis & 1 == 1).collect();
        let count: usize = axes.iter().map(|&axis| ty.shape[axis as usize]).product();
        if self.choices.below(3) == 0 && count > 0 {
            let id = ops::max(&mut self.graph, x.id, &axes)?;
            self.know(id, x.bound, x.error);
            return Ok(());
        }
        let id = ops::sum(&mut self.graph, x.id, &axes)?;
        let bound = x.bound * count as f64;
        if ty.dtype.is_float() {
            // Sums of sixteen partial results and more: far better than this bound, which holds for any order.
            let own = self.epsilon(x) * (count as f64).sqrt().max(1.0);
            self.inexact(id, bound, x.error * count as f64, own);
        } else {
            self.know(id, bound, 0.0);
        }
        Ok(())
    }

    /// Takes from each row its largest element or its mean, so that rows are read again after they were reduced.
    pub(super) fn centre(&mut self, x: Known) -> Result<()> {
        let ty = self.ty(x);
        let Some(&count) = ty.shape.last().filter(|&&count| count > 0) else { return Ok(()) };
        let mut sizes = ty.shape.to_vec();
        sizes[ty.shape.rank() - 1] = 1;
        let largest = self.choices.below(2) == 0;
        let g = &mut self.graph;
        let reduced = if largest {
            ops::max(g, x.id, &[-1])?
        } else {
            let sum = ops::sum(g, x.id, &[-1])?;
            let count = g.constant(Constant::new(ty.dtype, count as f64));
            ops::divide(g, sum, count)?
        };
        let reduced = ops::reshape(g, reduced, shape(&sizes))?;
        let id = ops::subtract(g, x.id, reduced)?;
        if largest {
            self.know(id, 2.0 * x.bound, 2.0 * x.error);
        } else {
            let own = self.epsilon(x) * (count as f64).sqrt();
            self.inexact(id, 2.0 * x.bound, 2.0 * x.error, own);
        }
        Ok(())
    }

    pub(super) fn product(&mut self, x: Known) -> Result<()> {
        let ty = self.ty(x);
        let rank = ty.shape.rank();
        if rank < 2 || ty.shape.elements() > MAX_ELEMENTS * 4 {
            return Ok(());
        }
        let (transposed, columns) = (self.choices.below(2) == 1, self.choices.of(&[1, 4, 16, 33]));
        let inner = ty.shape[if transposed { rank - 2 } else { rank - 1 }];
        let y = self.find(ty.dtype, shape(&[inner, columns]), |other| {
            other.dtype == ty.dtype && other.shape.rank() == 2 && other.shape[0] == inner && other.shape[1] <= 64
        });
        let y = self.tame(y)?;
        let turned = self.choices.below(2) == 1;
        let g = &mut self.graph;
        // A turned operand, once as a view that the product reads, once in its settings.
        let right = if turned { ops::permute(g, y.id, &[1, 0])? } else { y.id };
        let id = ops::matmul_transposed(g, x.id, right, transposed, turned)?;
        let count = inner as f64;
        let error = count * (x.error * y.bound + y.error * (x.bound + x.error));
        self.inexact(id, count * x.bound * y.bound, error, self.epsilon(x));
        Ok(())
    }

    pub(super) fn image(&mut self, x: Known) -> Result<()> {
        let ty = self.ty(x);
        if ty.shape.rank() != 4 || ty.shape.elements() == 0 || ty.shape.elements() > MAX_ELEMENTS {
            return Ok(());
        }
        let (height, width, channels) = (ty.shape[1], ty.shape[2], ty.shape[3]);
        let window = [1 + self.choices.below(height.min(3)), 1 + self.choices.below(width.min(3))];
        let stride = [1 + self.choices.below(2), 1 + self.choices.below(2)];
        if self.choices.below(2) == 0 {
            let attributes = ops::Pool2dAttributes { window, stride, padding: [[0, 0], [0, 0]] };
            let id = ops::max_pool2d(&mut self.graph, x.id, attributes)?;
            self.know(id, x.bound, x.error);
            return Ok(());
        }
        let filters = self.choices.of(&[1, 4]);
        let w = self.argument(ty.dtype, shape(&[window[0], window[1], channels, filters]));
        let attributes = ops::Conv2dAttributes { stride, ..ops::Conv2dAttributes::default() };
        let id = ops::conv2d(&mut self.graph, x.id, w.id, attributes)?;
        let count = (window[0] * window[1] * channels) as f64;
        self.inexact(id, count * x.bound * w.bound, count * x.error * w.bound, self.epsilon(x));
        Ok(())
    }
}
