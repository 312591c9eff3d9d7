//! How kernels and whole operations go over rows: what a row is to them, whether an argument keeps to its own row, and running some
//! rows of them. Regions are made of this.

use crate::nest::Nest;
use crate::whole::{Product, Routine, Whole};
use crisol_ir::shape::MAX_RANK;
use crisol_ir::{DType, Error, ErrorKind, Result};
use crisol_kernels::{
    Conv2d, GeometryError, Matrix, Pool2d, Real, conv2d, conv2d_input_gradient, matmul_batched, matmul_rows,
    max_pool2d, max_pool2d_gather, max_pool2d_gradient, sum_pool2d, sum_pool2d_gradient, sums_at_once,
};
use smallvec::SmallVec;

/// Elements of a right operand that every block of rows can read anew from a second-level cache.
const SHARED_OPERAND: usize = 64 << 10;
/// The same, where there are few blocks.
const SHARED_BY_FEW: usize = 512 << 10;
/// Rows that make few blocks.
const FEW_ROWS: usize = 64;

/// How a nest, or an operation that runs as a whole, goes over some number of rows: what a row is to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spread {
    /// So many steps of the row space, all columns of them.
    Rows(usize),
    /// So many columns of the only row.
    Columns(usize),
    /// So many rows, products or images of a whole operation.
    Items(usize),
}

impl Spread {
    /// What is gone over for a row, so many steps, columns or items.
    pub(crate) fn steps(self) -> usize {
        let (Spread::Rows(steps) | Spread::Columns(steps) | Spread::Items(steps)) = self;
        steps
    }
}

impl Nest {
    /// How the nest goes over `rows` rows, if its outer axes are those rows.
    pub(crate) fn spread(&self, rows: usize) -> Option<Spread> {
        let (axes, part) = self.leading(rows)?;
        let last = self.sizes.len() - 1;
        match part {
            _ if axes < last || (axes == last && part == 1) => Some(Spread::Rows(self.row_space / rows)),
            _ if self.row_space == 1 => Some(Spread::Columns(self.columns() / rows)),
            _ => None,
        }
    }

    /// The numbers of rows that a nest could go over, few first.
    pub(crate) fn row_counts(&self) -> SmallVec<[usize; MAX_RANK]> {
        let mut rows = 1;
        let outer = &self.sizes[..self.sizes.len() - 1];
        outer
            .iter()
            .map(|size| {
                rows *= size;
                rows
            })
            .collect()
    }

    /// How far an argument moves from one of `rows` rows to the next in bytes, if evenly, and the first and the last byte that it
    /// touches in the first row; elements have `size` bytes.
    pub(crate) fn row_walk(&self, argument: usize, rows: usize, size: usize) -> Option<(isize, [isize; 2])> {
        let (axes, part) = self.leading(rows)?;
        let walk = &self.walks[argument];
        let unit = if part > 1 { self.sizes[axes] / part } else { 0 };
        let (mut step, mut count) = (None, 1);
        if part > 1 {
            (step, count) = (Some(walk.strides[axes].wrapping_mul(unit as isize)), part);
        }
        for axis in (0..axes).rev() {
            match step {
                None => step = Some(walk.strides[axis]),
                Some(step) if step.wrapping_mul(count as isize) == walk.strides[axis] => {}
                Some(_) => return None,
            }
            count *= self.sizes[axis];
        }
        let mut ends = [walk.offset, walk.offset + size as isize - 1];
        for axis in axes..self.sizes.len() {
            let steps = if axis == axes && part > 1 { unit } else { self.sizes[axis] };
            let reach = walk.strides[axis].wrapping_mul(steps.saturating_sub(1) as isize);
            ends[usize::from(reach > 0)] += reach;
        }
        Some((step?, ends))
    }

    /// The outer axes that make `rows` rows: so many whole ones, and a part of the next (1: nothing of it).
    fn leading(&self, rows: usize) -> Option<(usize, usize)> {
        let mut rest = rows;
        for (axis, &size) in self.sizes.iter().enumerate() {
            if rest == 1 {
                return Some((axis, 1));
            }
            if size == 0 {
                return None;
            }
            if rest.is_multiple_of(size) {
                rest /= size;
            } else {
                return size.is_multiple_of(rest).then_some((axis, rest));
            }
        }
        // All axes are rows: the last counts as a part of the columns.
        let last = self.sizes.len() - 1;
        (rest == 1).then_some((last, self.sizes[last]))
    }
}

impl Whole {
    /// The number of rows that the operation can go over one by one.
    pub(crate) fn row_count(&self) -> Option<usize> {
        match &self.routine {
            // Several products are never cut, but one of them alone would be.
            Routine::MatMul(product) if !sums_at_once(product.size) => None,
            Routine::MatMul(product) if product.batch > 1 => Some(product.batch),
            Routine::MatMul(product) => {
                let [m, n, k] = product.size;
                // A product of few columns of a long right operand, or of a large one, is faster as a whole.
                let shared = if m <= FEW_ROWS { SHARED_BY_FEW } else { SHARED_OPERAND };
                (n * k <= shared).then_some(m)
            }
            // Kernels of one pixel run as one product of all pixels, whose sums may be cut by their number.
            Routine::Conv2d(geometry) | Routine::Conv2dInputGradient(geometry) => {
                (geometry.kernel != [1, 1]).then_some(geometry.batch)
            }
            Routine::MaxPool2d(geometry)
            | Routine::MaxPool2dGradient(geometry)
            | Routine::MaxPool2dGather(geometry)
            | Routine::SumPool2d(geometry)
            | Routine::SumPool2dGradient(geometry) => Some(geometry.batch),
            Routine::Conv2dWeightGradient(_) | Routine::Moving(..) | Routine::Definition(..) => None,
        }
    }

    /// How the operation goes over `rows` rows.
    pub(crate) fn spread(&self, rows: usize) -> Option<Spread> {
        let items = self.row_count()?;
        (items >= rows && items.is_multiple_of(rows)).then(|| Spread::Items(items / rows))
    }

    /// How far an argument (operands, then the result) moves in bytes from one of `rows` rows to the next, and the first and the
    /// last byte that it touches in the first row.
    pub(crate) fn row_walk(&self, argument: usize, rows: usize) -> Option<(isize, [isize; 2])> {
        let Some(Spread::Items(items)) = self.spread(rows) else { return None };
        let size = self.ty.dtype.size();
        let Some(&(offset, extent)) = self.operands.get(argument) else {
            let step = self.ty.bytes() / rows;
            return Some((step as isize, [0, step as isize - 1]));
        };
        let (step, reach) = match &self.routine {
            Routine::MatMul(product) => product.row_walk(argument, items),
            Routine::Conv2d(_) | Routine::Conv2dInputGradient(_) if argument == 1 => (0, extent),
            _ => (extent / rows, extent / rows),
        };
        Some(((step * size) as isize, [(offset * size) as isize, ((offset + reach) * size) as isize - 1]))
    }

    /// Multiplications, or what takes as long.
    pub(crate) fn work(&self) -> usize {
        match &self.routine {
            Routine::MatMul(product) => product.batch * product.size.iter().product::<usize>(),
            Routine::Conv2d(geometry)
            | Routine::Conv2dInputGradient(geometry)
            | Routine::Conv2dWeightGradient(geometry) => {
                let taps = geometry.kernel[0] * geometry.kernel[1] * geometry.in_channels / geometry.groups.max(1);
                geometry.batch * geometry.out_height() * geometry.out_width() * geometry.out_channels * taps
            }
            Routine::MaxPool2d(geometry)
            | Routine::MaxPool2dGradient(geometry)
            | Routine::MaxPool2dGather(geometry)
            | Routine::SumPool2d(geometry)
            | Routine::SumPool2dGradient(geometry) => {
                self.ty.shape.elements() * geometry.window[0] * geometry.window[1]
            }
            Routine::Moving(..) => self.ty.shape.elements(),
            Routine::Definition(..) => usize::MAX / 4,
        }
    }

    /// Runs the rows `first..first + rows`, of `items` each, of the operation, on the calling thread.
    ///
    /// # Safety
    /// As for [`run`](Whole::run), for these rows alone: pointers are those of row 0, wherever that would lie.
    pub(crate) unsafe fn run_rows(
        &self,
        operands: &[*const u8],
        out: *mut u8,
        items: usize,
        first: usize,
        rows: usize,
    ) -> Result<()> {
        // SAFETY: passed on.
        let done = unsafe {
            match self.ty.dtype {
                DType::F64 => self.call_rows::<f64>(operands, out, first * items, rows * items),
                _ => self.call_rows::<f32>(operands, out, first * items, rows * items),
            }
        };
        done.map_err(|error| Error::new(ErrorKind::Internal, error.to_string()).operation(self.name))
    }

    unsafe fn call_rows<T: Real>(
        &self,
        operands: &[*const u8],
        out: *mut u8,
        first: usize,
        count: usize,
    ) -> Result<(), GeometryError> {
        // SAFETY: extents are those that the layouts have for these rows.
        let operand = |number: usize, start: usize, length: usize| unsafe {
            let from = operands[number].cast::<T>().wrapping_add(self.operands[number].0 + start);
            std::slice::from_raw_parts(from, length)
        };
        // SAFETY: these rows of the result are this call's alone.
        let result = |row: usize| unsafe {
            std::slice::from_raw_parts_mut(out.cast::<T>().wrapping_add(first * row), count * row)
        };
        let whole = |number: usize| operand(number, 0, self.operands[number].1);
        let items = self.row_count().unwrap_or(1).max(1);
        let images = |number: usize| {
            let image = self.operands[number].1 / items;
            operand(number, first * image, count * image)
        };
        let some = |geometry: &Pool2d| Pool2d { batch: count, ..*geometry };
        let row = self.ty.shape.elements() / items;
        match &self.routine {
            Routine::MatMul(product) => {
                let part = product.rows(count);
                let [m, n, k] = part.size;
                let row = if product.batch > 1 { m * n } else { n };
                let out = result(row);
                let lhs = operand(0, first * product.row_step(0), part.extent(0));
                let rhs = operand(1, first * product.row_step(1), part.extent(1));
                if k == 0 {
                    out.fill(T::ZERO);
                    return Ok(());
                }
                let lhs = Matrix::new(lhs, m, k, part.lhs[1], part.lhs[2])?;
                let rhs = Matrix::new(rhs, k, n, part.rhs[1], part.rhs[2])?;
                if product.batch == 1 {
                    return matmul_rows(product.size[0], lhs, rhs, out);
                }
                matmul_batched(part.batch, (lhs, part.lhs[0]), (rhs, part.rhs[0]), out, false, None)
            }
            Routine::Conv2d(geometry) => {
                conv2d(&Conv2d { batch: count, ..*geometry }, images(0), whole(1), result(row))
            }
            Routine::Conv2dInputGradient(geometry) => {
                conv2d_input_gradient(&Conv2d { batch: count, ..*geometry }, images(0), whole(1), result(row))
            }
            Routine::MaxPool2d(geometry) => max_pool2d(&some(geometry), images(0), result(row)),
            Routine::MaxPool2dGradient(geometry) => {
                max_pool2d_gradient(&some(geometry), images(0), images(1), result(row))
            }
            Routine::MaxPool2dGather(geometry) => max_pool2d_gather(&some(geometry), images(0), images(1), result(row)),
            Routine::SumPool2d(geometry) => sum_pool2d(&some(geometry), images(0), result(row)),
            Routine::SumPool2dGradient(geometry) => sum_pool2d_gradient(&some(geometry), images(0), result(row)),
            Routine::Conv2dWeightGradient(_) | Routine::Moving(..) | Routine::Definition(..) => Ok(()),
        }
    }
}

impl Product {
    /// How far an operand moves from one row (or product, if there are several) to the next.
    fn row_step(&self, operand: usize) -> usize {
        match (operand, self.batch > 1) {
            (0, true) => self.lhs[0],
            (0, false) => self.lhs[1],
            (_, true) => self.rhs[0],
            (_, false) => 0,
        }
    }

    /// How far an operand moves over `items` rows or products, and how many elements it reaches in them.
    fn row_walk(&self, operand: usize, items: usize) -> (usize, usize) {
        (items * self.row_step(operand), self.rows(items).extent(operand))
    }

    /// Some rows of the product, or some products of several.
    fn rows(&self, count: usize) -> Product {
        match self.batch > 1 {
            true => Product { batch: count, ..*self },
            false => Product { size: [count, self.size[1], self.size[2]], ..*self },
        }
    }

    /// Elements from the first to the last that an operand reaches.
    fn extent(&self, operand: usize) -> usize {
        let [m, n, k] = self.size;
        let ([batch, row, column], rows, columns) = if operand == 0 { (self.lhs, m, k) } else { (self.rhs, k, n) };
        if self.batch * rows * columns == 0 {
            return 0;
        }
        (self.batch - 1) * batch + (rows - 1) * row + (columns - 1) * column + 1
    }
}
