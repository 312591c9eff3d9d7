//! Running a kernel over a part of its nest.

use crate::nest::{Partial, Walk};
use crate::plan::KernelStep;
use crate::rows::Spread;
use crate::wave::{Shared, fill};
use crisol_ir::kernel::Call;
use crisol_ir::shape::MAX_RANK;
use std::ops::Range;

/// Kernels of more arguments have their pointers in memory of the heap.
const FEW_ARGUMENTS: usize = 16;

impl KernelStep {
    /// Whether blocks of a region have partial results of it.
    pub(crate) fn has_partial_rows(&self) -> bool {
        self.reductions.iter().any(|reduction| reduction.over_rows) && self.nest.parts() > 1
    }

    /// Fills what the kernel writes only a part of, and what reductions start from.
    pub(crate) unsafe fn begin(&self, shared: &Shared<'_>) {
        for &(slot, bytes) in &self.zeroed {
            // SAFETY: the value has that many bytes.
            unsafe { std::ptr::write_bytes(shared.table[slot as usize], 0, bytes) };
        }
        for reduction in &self.reductions {
            // SAFETY: results have `count` elements, partial ones `count` for each part.
            unsafe {
                fill(reduction, shared.table[self.slots[reduction.argument] as usize], reduction.count);
                // Those of rows are filled by the chunks, where they are used.
                if self.nest.partial == Partial::Columns {
                    fill(reduction, shared.arena.add(reduction.scratch), reduction.count * self.nest.parts());
                }
            }
        }
    }

    /// Runs some of a region's `rows`, those of a block if there are partial results.
    pub(crate) unsafe fn block(
        &self,
        shared: &Shared<'_>,
        spread: Spread,
        block: usize,
        rows: usize,
        own: Range<usize>,
    ) {
        for reduction in &self.reductions {
            let size = reduction.dtype.size();
            if !reduction.over_rows {
                let results = reduction.count / rows;
                let out = shared.table[self.slots[reduction.argument] as usize];
                // SAFETY: each row has so many results, and these rows are the caller's.
                unsafe { fill(reduction, out.wrapping_add(own.start * results * size), own.len() * results) };
            } else if self.nest.parts() > 1 {
                let out = shared.arena.wrapping_add(reduction.scratch + block * reduction.count * size);
                // SAFETY: the block's own partial results.
                unsafe { fill(reduction, out, reduction.count) };
            }
        }
        let (rows, columns) = match spread {
            Spread::Columns(columns) => (0..1, own.start * columns..own.end * columns),
            Spread::Rows(steps) | Spread::Items(steps) => (own.start * steps..own.end * steps, 0..self.nest.columns()),
        };
        // SAFETY: passed on.
        unsafe { self.range(shared, Some(block), rows, columns) };
    }

    /// Runs one chunk of the nest.
    pub(crate) unsafe fn chunk(&self, shared: &Shared<'_>, row_chunk: usize, column_chunk: usize) {
        let nest = &self.nest;
        let first_column = column_chunk * nest.columns_a_chunk;
        let first_row = row_chunk * nest.rows_a_chunk;
        let part = match nest.partial {
            Partial::None => None,
            Partial::Rows => Some(row_chunk),
            Partial::Columns => Some(column_chunk),
        };
        if nest.partial == Partial::Rows {
            for reduction in &self.reductions {
                let bytes = reduction.count * reduction.dtype.size();
                let out = shared.arena.wrapping_add(reduction.scratch + row_chunk * bytes);
                // SAFETY: the chunk's own partial results: nests that have them are not cut along the columns.
                unsafe { fill(reduction, out, reduction.count) };
            }
        }
        let rows = first_row..(first_row + nest.rows_a_chunk).min(nest.row_space);
        let columns = first_column..(first_column + nest.columns_a_chunk).min(nest.columns());
        // SAFETY: passed on.
        unsafe { self.range(shared, part, rows, columns) };
    }

    /// Runs one range of the row space and of the columns; `part` says to which partial results they belong, if there are any.
    unsafe fn range(&self, shared: &Shared<'_>, part: Option<usize>, rows: Range<usize>, columns: Range<usize>) {
        let nest = &self.nest;
        let part = part.filter(|_| !self.reductions.is_empty() && nest.parts() > 1);
        if nest.sizes.len() == 1 || nest.sizes.len() == 2 && nest.by_rows {
            // SAFETY: passed on.
            return unsafe { self.call(shared, part, rows, columns) };
        }
        let last = nest.sizes.len() - 1;
        let inner = if nest.by_rows { nest.sizes[last - 1] } else { 1 };
        let mut row = rows.start;
        while row < rows.end {
            let within = if nest.by_rows { row % inner } else { 0 };
            let count = (inner - within).min(rows.end - row);
            // SAFETY: passed on.
            unsafe { self.call(shared, part, row..row + count, columns.clone()) };
            row += count;
        }
    }

    /// Calls the kernel for rows that are steps of one axis, the one outside the columns.
    unsafe fn call(&self, shared: &Shared<'_>, part: Option<usize>, rows: Range<usize>, columns: Range<usize>) {
        if rows.is_empty() {
            return;
        }
        let nest = &self.nest;
        let outer = nest.sizes.len() - 1;
        let mut few = [std::ptr::null_mut(); FEW_ARGUMENTS];
        let mut many = Vec::new();
        let pointers = match few.get_mut(..self.slots.len()) {
            Some(few) => few,
            None => {
                many.resize(self.slots.len(), std::ptr::null_mut());
                &mut many[..]
            }
        };
        let position = self.locate(shared, part, (rows.start, columns.start), pointers);
        let call = Call {
            pointers: pointers.as_ptr(),
            row_strides: self.row_strides.as_ptr(),
            column_strides: self.column_strides.as_ptr(),
            rows: rows.len(),
            columns: columns.len(),
            position,
            position_row_step: if outer > 0 { nest.positions[outer - 1] } else { 0 },
            position_column_step: nest.positions[outer],
        };
        // SAFETY: the pointers are those of this range's first place, and the strides stay inside the values.
        unsafe { self.ready.call(&call) };
    }

    /// Where the arguments are at a row of the row space and a column, and the number of that position.
    pub(crate) fn locate(
        &self,
        shared: &Shared<'_>,
        part: Option<usize>,
        (row, column): (usize, usize),
        pointers: &mut [*mut u8],
    ) -> u64 {
        let nest = &self.nest;
        let outer = nest.sizes.len() - 1;
        // The place of the row, an index for each axis but the columns'.
        let mut place = [0; MAX_RANK];
        match outer {
            0 => {}
            1 => place[0] = row,
            _ => {
                let mut rest = row;
                for axis in (0..outer).rev() {
                    place[axis] = rest % nest.sizes[axis];
                    rest /= nest.sizes[axis];
                }
            }
        }
        let place = &place[..outer];
        let offset = |walk: &Walk| {
            let steps = place.iter().zip(&walk.strides).map(|(&index, &stride)| index as isize * stride);
            walk.offset + column as isize * walk.strides[outer] + steps.sum::<isize>()
        };
        for (pointer, (slot, walk)) in pointers.iter_mut().zip(self.slots.iter().zip(&nest.walks)) {
            *pointer = shared.table[*slot as usize].wrapping_offset(offset(walk));
        }
        if let Some(part) = part {
            for reduction in &self.reductions {
                let bytes = reduction.count * reduction.dtype.size();
                let start = shared.arena.wrapping_add(reduction.scratch + part * bytes);
                let walk = &nest.walks[reduction.argument];
                // Partial results lie as the results do, from their own start.
                pointers[reduction.argument] = start.wrapping_offset(offset(walk) - walk.offset);
            }
        }
        let first = (column as u64).wrapping_mul(nest.positions[outer]);
        let steps = place.iter().zip(&nest.positions).map(|(&index, &step)| (index as u64).wrapping_mul(step));
        steps.fold(first, u64::wrapping_add)
    }
}
