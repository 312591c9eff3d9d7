//! Running a wave: one parallel loop over the chunks of its kernels, the blocks of its regions and its whole operations.

use crate::interpret::{combine, fill_identity};
use crate::plan::{Entry, Member, ReductionStep, RegionStep, Step, Wave, WholeStep};
use crate::rows::Spread;
use crate::scratch::with_scratch;
use crisol_ir::{DType, Error, Result};
use crisol_kernels::{parallel_for, with_threads};
use smallvec::SmallVec;
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
    /// Whether blocks have partial results of their own.
    fn has_partial_rows(&self) -> bool {
        let mut members = self.members.iter();
        members.any(|(member, _)| matches!(member, Member::Kernel(step) if step.has_partial_rows()))
    }

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
        if let Some(joint) = &self.joint {
            if self.has_partial_rows() {
                // SAFETY: the rows and the partial results are these blocks'.
                blocks.for_each(|block| unsafe { joint.run(self, shared, block, rows_of(block..block + 1)) });
            } else {
                // SAFETY: as above.
                unsafe { joint.run(self, shared, blocks.start, own) };
            }
            return Ok(());
        }
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
                match member {
                    // SAFETY: the rows are these blocks', which have whatever is in scratch to themselves.
                    Member::Kernel(step) if step.has_partial_rows() => blocks.clone().for_each(|block| unsafe {
                        step.block(&shared, *spread, block, self.rows, rows_of(block..block + 1));
                    }),
                    // SAFETY: as above.
                    Member::Kernel(step) => unsafe {
                        step.block(&shared, *spread, blocks.start, self.rows, own.clone());
                    },
                    Member::Whole(step) => {
                        let Spread::Items(items) = *spread else { continue };
                        let reads: SmallVec<[*const u8; 4]> =
                            step.reads.iter().map(|&slot| table[slot as usize].cast_const()).collect();
                        let write = table[step.write as usize];
                        // SAFETY: as above.
                        unsafe { step.whole.run_rows(&reads, write, items, own.start, own.len())? };
                    }
                }
            }
            Ok(())
        })
    }
}

/// Fills with what a reduction starts from.
pub(crate) unsafe fn fill(reduction: &ReductionStep, to: *mut u8, count: usize) {
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
