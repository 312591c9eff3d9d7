//! Running a wave: one parallel loop over the chunks of its kernels, the blocks of its regions and its whole operations.

use crate::interpret::{combine, fill_identity};
use crate::nest::{Partial, Walk};
use crate::plan::{Entry, KernelStep, Member, ReductionStep, RegionStep, Step, Wave, WholeStep};
use crate::rows::Spread;
use crate::scratch::with_scratch;
use crisol_ir::kernel::Call;
use crisol_ir::{DType, Error, Result};
use crisol_kernels::{parallel_for, with_threads};
use smallvec::{SmallVec, smallvec};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// Results of a reduction above which filling and merging them is worth several threads.
const MANY_RESULTS: usize = 32 << 10;
/// Results that are merged together at least: fewer would use cache lines in part.
const SHORTEST_RANGE: usize = 64;

/// Pointers that threads share: each writes elements of its own.
#[derive(Clone, Copy)]
pub(crate) struct Shared<'a> {
    pub(crate) table: &'a [*mut u8],
    pub(crate) arena: *mut u8,
}

// SAFETY: chunks write disjoint elements, and nobody writes what others read.
unsafe impl Sync for Shared<'_> {}

impl Wave {
    /// Runs all steps of the wave.
    ///
    /// # Safety
    /// The table has the memory of every slot, and nothing else touches it meanwhile.
    pub(crate) unsafe fn run(&self, shared: &Shared<'_>) -> Result<()> {
        let tasks = self.tasks.last().copied().unwrap_or(0);
        if let [Step::Whole(step)] = &self.steps[..] {
            // It takes all threads by itself.
            // SAFETY: passed on.
            return unsafe { step.run(shared) };
        }
        for step in &self.steps {
            // SAFETY: passed on.
            unsafe { step.begin(shared) };
        }
        if self.is_solo {
            with_threads(1, || {
                self.steps.iter().zip(self.task_counts()).try_for_each(|(step, tasks)| match step {
                    // SAFETY: passed on.
                    Step::Region(step) => unsafe { step.blocks(shared, 0..tasks) },
                    // SAFETY: passed on.
                    _ => (0..tasks).try_for_each(|task| unsafe { step.task(shared, task) }),
                })
            })?;
        } else {
            let failure: Mutex<Option<(usize, Error)>> = Mutex::new(None);
            parallel_for(tasks, &|task| {
                let step = self.tasks.partition_point(|&end| end <= task);
                let first = if step == 0 { 0 } else { self.tasks[step - 1] };
                // SAFETY: tasks write disjoint memory, and reductions that share results have partial ones.
                if let Err(error) = unsafe { self.steps[step].task(shared, task - first) } {
                    let mut failure = failure.lock().unwrap_or_else(PoisonError::into_inner);
                    if failure.as_ref().is_none_or(|(other, _)| task < *other) {
                        *failure = Some((task, error));
                    }
                }
            });
            if let Some((_, error)) = failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
                return Err(error);
            }
        }
        for step in &self.steps {
            // SAFETY: passed on.
            unsafe { step.end(shared) };
        }
        Ok(())
    }

    fn task_counts(&self) -> impl Iterator<Item = usize> {
        let firsts = std::iter::once(0).chain(self.tasks.iter().copied());
        self.tasks.iter().zip(firsts).map(|(end, first)| end - first)
    }
}

impl Step {
    /// What comes before the first task.
    unsafe fn begin(&self, shared: &Shared<'_>) {
        match self {
            // SAFETY: passed on.
            Step::Kernel(step) => unsafe { step.begin(shared) },
            Step::Whole(_) => {}
            Step::Region(step) => {
                for (member, reduction) in step.reductions().filter(|(_, reduction)| reduction.over_rows) {
                    let Member::Kernel(kernel) = member else { continue };
                    if kernel.nest.parts() < 2 {
                        let slot = step.table[kernel.slots[reduction.argument] as usize];
                        // SAFETY: the result has so many elements.
                        unsafe { fill(reduction, slot.pointer(shared), reduction.count) };
                    }
                }
            }
        }
    }

    unsafe fn task(&self, shared: &Shared<'_>, task: usize) -> Result<()> {
        match self {
            Step::Kernel(step) => {
                let (_, columns) = step.nest.chunk_grid();
                // SAFETY: passed on.
                unsafe { step.chunk(shared, task / columns, task % columns) };
                Ok(())
            }
            // SAFETY: passed on.
            Step::Whole(step) => unsafe { step.run(shared) },
            // SAFETY: passed on.
            Step::Region(step) => unsafe { step.blocks(shared, task..task + 1) },
        }
    }

    /// What comes after the last task: partial results are merged in their order.
    unsafe fn end(&self, shared: &Shared<'_>) {
        match self {
            Step::Kernel(step) => {
                for reduction in step.reductions.iter().filter(|_| step.nest.parts() > 1) {
                    let out = shared.table[step.slots[reduction.argument] as usize];
                    // SAFETY: passed on.
                    unsafe { merge(reduction, out, shared.arena, step.nest.parts()) };
                }
            }
            Step::Whole(_) => {}
            Step::Region(step) => {
                for (member, reduction) in step.reductions().filter(|(_, reduction)| reduction.over_rows) {
                    let Member::Kernel(kernel) = member else { continue };
                    if kernel.nest.parts() > 1 {
                        let out = step.table[kernel.slots[reduction.argument] as usize].pointer(shared);
                        // SAFETY: passed on.
                        unsafe {
                            fill(reduction, out, reduction.count);
                            merge(reduction, out, shared.arena, kernel.nest.parts());
                        }
                    }
                }
            }
        }
    }
}

impl Entry {
    /// The first byte of a value of the plan.
    fn pointer(self, shared: &Shared<'_>) -> *mut u8 {
        match self {
            Entry::Slot(slot) => shared.table[slot as usize],
            Entry::Scratch(..) => std::ptr::null_mut(),
        }
    }
}

impl WholeStep {
    unsafe fn run(&self, shared: &Shared<'_>) -> Result<()> {
        let reads: SmallVec<[*const u8; 4]> =
            self.reads.iter().map(|&slot| shared.table[slot as usize].cast_const()).collect();
        // SAFETY: passed on.
        unsafe { self.whole.run(&reads, shared.table[self.write as usize]) }
    }
}

impl RegionStep {
    fn reductions(&self) -> impl Iterator<Item = (&Member, &ReductionStep)> {
        self.members.iter().flat_map(|(member, _)| {
            let reductions = match member {
                Member::Kernel(step) => &step.reductions[..],
                Member::Whole(_) => &[],
            };
            reductions.iter().map(move |reduction| (member, reduction))
        })
    }

    /// Takes blocks of rows that follow each other through all steps, as if they were one; but partial results are those of single blocks.
    unsafe fn blocks(&self, shared: &Shared<'_>, blocks: Range<usize>) -> Result<()> {
        let rows_of = |blocks: Range<usize>| blocks.start * self.block..(blocks.end * self.block).min(self.rows);
        let own = rows_of(blocks.clone());
        with_scratch(self.scratch_bytes * blocks.len(), |scratch| {
            let pointer = |entry: &Entry| match *entry {
                Entry::Slot(slot) => shared.table[slot as usize],
                // Where row 0 would lie: kernels address rows by their numbers.
                Entry::Scratch(offset, bytes) => {
                    scratch.wrapping_add(offset * blocks.len()).wrapping_sub(own.start * bytes)
                }
            };
            // Filled where it stays: it is large to move.
            let mut table = SmallVec::<[*mut u8; 64]>::new();
            table.extend(self.table.iter().map(pointer));
            let shared = Shared { table: &table, arena: shared.arena };
            for (member, spread) in &self.members {
                match (member, *spread) {
                    (Member::Kernel(step), Spread::Rows(_) | Spread::Columns(_)) => {
                        let at_once = if step.has_partial_rows() { 1 } else { blocks.len() };
                        for block in blocks.clone().step_by(at_once) {
                            let own = rows_of(block..block + at_once);
                            let (rows, columns) = match *spread {
                                Spread::Columns(columns) => (0..1, own.start * columns..own.end * columns),
                                Spread::Rows(steps) | Spread::Items(steps) => {
                                    (own.start * steps..own.end * steps, 0..step.nest.columns())
                                }
                            };
                            // SAFETY: the rows are these blocks', which have whatever is in scratch to themselves.
                            unsafe {
                                step.begin_block(&shared, block, self.rows, own);
                                step.range(&shared, Some(block), rows, columns);
                            }
                        }
                    }
                    (Member::Whole(step), Spread::Items(items)) => {
                        let reads: SmallVec<[*const u8; 4]> =
                            step.reads.iter().map(|&slot| table[slot as usize].cast_const()).collect();
                        let (first, count) = (own.start, own.len());
                        // SAFETY: as above.
                        unsafe { step.whole.run_rows(&reads, table[step.write as usize], items, first, count)? };
                    }
                    _ => {}
                }
            }
            Ok(())
        })
    }
}

impl KernelStep {
    /// Whether blocks of a region have partial results of it.
    fn has_partial_rows(&self) -> bool {
        self.nest.parts() > 1 && self.reductions.iter().any(|reduction| reduction.over_rows)
    }

    /// Fills what the kernel writes only a part of, and what reductions start from.
    unsafe fn begin(&self, shared: &Shared<'_>) {
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

    /// The same for a block of a region.
    unsafe fn begin_block(&self, shared: &Shared<'_>, block: usize, rows: usize, own: Range<usize>) {
        for reduction in &self.reductions {
            let size = reduction.dtype.size();
            if !reduction.over_rows {
                let results = reduction.count / rows;
                let out = shared.table[self.slots[reduction.argument] as usize];
                // SAFETY: each row has so many results, and these rows are the block's.
                unsafe { fill(reduction, out.wrapping_add(own.start * results * size), own.len() * results) };
            } else if self.nest.parts() > 1 {
                let out = shared.arena.wrapping_add(reduction.scratch + block * reduction.count * size);
                // SAFETY: the block's own partial results.
                unsafe { fill(reduction, out, reduction.count) };
            }
        }
    }

    /// Runs one chunk of the nest.
    unsafe fn chunk(&self, shared: &Shared<'_>, row_chunk: usize, column_chunk: usize) {
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
        let last = nest.sizes.len() - 1;
        let mut call = Call {
            pointers: std::ptr::null(),
            row_strides: self.row_strides.as_ptr(),
            column_strides: self.column_strides.as_ptr(),
            rows: 1,
            columns: columns.len(),
            position: 0,
            position_row_step: if last > 0 { nest.positions[last - 1] } else { 0 },
            position_column_step: nest.positions[last],
        };
        let mut pointers: SmallVec<[*mut u8; 24]> = SmallVec::new();
        let inner = if last > 0 && nest.by_rows { nest.sizes[last - 1] } else { 1 };
        let mut row = rows.start;
        while row < rows.end {
            let mut place: SmallVec<[usize; 8]> = smallvec![0; last];
            let mut rest = row;
            for axis in (0..last).rev() {
                place[axis] = rest % nest.sizes[axis];
                rest /= nest.sizes[axis];
            }
            call.position = (columns.start as u64).wrapping_mul(nest.positions[last]);
            for (index, step) in place.iter().zip(&nest.positions) {
                call.position = call.position.wrapping_add(*index as u64 * step);
            }
            let offset = |walk: &Walk| -> isize {
                let steps = place.iter().zip(&walk.strides).map(|(&index, &stride)| index as isize * stride);
                walk.offset + columns.start as isize * walk.strides[last] + steps.sum::<isize>()
            };
            pointers.clear();
            let arguments = self.slots.iter().zip(&nest.walks);
            pointers.extend(arguments.map(|(slot, walk)| shared.table[*slot as usize].wrapping_offset(offset(walk))));
            if let Some(part) = part.filter(|_| nest.parts() > 1) {
                for reduction in &self.reductions {
                    let bytes = reduction.count * reduction.dtype.size();
                    let start = shared.arena.wrapping_add(reduction.scratch + part * bytes);
                    let walk = &nest.walks[reduction.argument];
                    // Partial results lie as the results do, from their own start.
                    pointers[reduction.argument] = start.wrapping_offset(offset(walk) - walk.offset);
                }
            }
            let within = if last > 0 && nest.by_rows { place[last - 1] } else { 0 };
            call.rows = (inner - within).min(rows.end - row);
            call.pointers = pointers.as_ptr();
            // SAFETY: the pointers are those of this range's first place, and the strides stay inside the values.
            unsafe { self.ready.call(&call) };
            row += call.rows;
        }
    }
}

/// Fills with what a reduction starts from.
unsafe fn fill(reduction: &ReductionStep, to: *mut u8, count: usize) {
    let (by, dtype) = (reduction.reduction, reduction.dtype);
    // SAFETY: the caller's promise.
    unsafe { in_ranges(count, 1, dtype, |start, length| fill_identity(by, dtype, to.wrapping_add(start), length)) }
}

/// Merges the partial results in the arena, in their order, onto `to`.
unsafe fn merge(reduction: &ReductionStep, to: *mut u8, arena: *mut u8, parts: usize) {
    let ReductionStep { reduction: by, dtype, count, scratch, .. } = *reduction;
    let merge = |start: usize, length: usize| {
        for part in 0..parts {
            let from = arena.wrapping_add(scratch + part * count * dtype.size() + start);
            // SAFETY: the caller's promise; ranges are disjoint.
            unsafe { combine(by, dtype, to.wrapping_add(start), from, length) };
        }
    };
    // SAFETY: as above.
    unsafe { in_ranges(count, parts, dtype, merge) }
}

/// Calls `body` with ranges, as first byte and number of elements, that together are all of `count`; on several threads, if
/// `passes` over all of them are much work.
unsafe fn in_ranges(count: usize, passes: usize, dtype: DType, body: impl Fn(usize, usize)) {
    struct Free<F>(F);
    // SAFETY: the bodies here touch disjoint ranges through pointers that outlive the call.
    unsafe impl<F> Sync for Free<F> {}
    impl<F: Fn(usize, usize)> Free<F> {
        fn call(&self, start: usize, length: usize) {
            (self.0)(start, length);
        }
    }
    let range = (MANY_RESULTS / passes.max(1)).max(SHORTEST_RANGE);
    if count <= range {
        return body(0, count);
    }
    let body = Free(body);
    parallel_for(count.div_ceil(range), &|chunk| {
        let start = chunk * range;
        body.call(start * dtype.size(), range.min(count - start));
    });
}
