//! Drafts: the steps of a plan before their values have a place, and how each goes over rows.

use crate::nest::{Nest, Partial};
use crate::rows::Spread;
use crate::simplify::Program;
use crate::whole::Whole;
use crisol_ir::NodeId;
use crisol_ir::kernel::Kernel;
use crisol_ir::primitive::Reduction;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

/// A step whose values have no place yet.
pub(crate) struct Draft {
    /// The stored values that it reads, one for each input; leaves among them.
    pub(crate) reads: Vec<NodeId>,
    /// The places among them of values that are read more than once.
    pub(crate) repeated: Vec<usize>,
    /// The values that it stores.
    pub(crate) writes: Vec<NodeId>,
    /// Values that it does not read and yet waits for, because of barriers.
    pub(crate) waits: Vec<NodeId>,
    pub(crate) work: Work,
}

/// What a step runs.
pub(crate) enum Work {
    Kernel(KernelWork),
    Whole(Whole),
}

/// A kernel over a nest.
pub(crate) struct KernelWork {
    pub(crate) kernel: Kernel,
    /// The inputs' walks, then the outputs'.
    pub(crate) nest: Nest,
    /// The outputs that are reductions: number, how, and how many results.
    pub(crate) reductions: Vec<(usize, Reduction, usize)>,
    /// Whether outputs are filled with zeros first, because the kernel writes a part of them.
    pub(crate) zeroed: bool,
}

impl Draft {
    pub(crate) fn new(reads: Vec<NodeId>, writes: Vec<NodeId>, work: Work) -> Draft {
        let mut counts: FxHashMap<NodeId, usize> = FxHashMap::default();
        for &read in &reads {
            *counts.entry(read).or_default() += 1;
        }
        let repeated = (0..reads.len()).filter(|&place| counts[&reads[place]] > 1).collect();
        Draft { reads, repeated, writes, waits: Vec::new(), work }
    }

    /// The numbers of rows that the step could go over.
    pub(crate) fn row_counts(&self) -> SmallVec<[usize; 8]> {
        match &self.work {
            Work::Kernel(work) => work.nest.row_counts(),
            Work::Whole(whole) => whole.row_count().into_iter().collect(),
        }
    }

    pub(crate) fn spread(&self, program: &Program, rows: usize) -> Option<Spread> {
        match &self.work {
            Work::Kernel(work) => {
                let whole = !work.zeroed && work.nest.partial != Partial::Columns && work.nest.elements() > 0;
                work.nest.spread(rows).filter(|_| whole)
            }
            Work::Whole(whole) => {
                let elements = program.ty(self.writes[0]).shape.elements();
                whole.spread(rows).filter(|_| elements > 0)
            }
        }
    }

    /// Whether an argument (reads, then writes) touches nothing but its own row of `bytes` bytes at each of the rows.
    pub(crate) fn follows(&self, program: &Program, argument: usize, rows: usize, bytes: usize) -> bool {
        let walk = match &self.work {
            Work::Kernel(work) => {
                let id = self.reads.iter().chain(&self.writes).nth(argument).copied();
                let size = id.map_or(1, |id| program.ty(id).dtype.size());
                work.nest.row_walk(argument, rows, size)
            }
            Work::Whole(whole) => whole.row_walk(argument, rows),
        };
        walk.is_some_and(|(step, [first, last])| step == bytes as isize && first >= 0 && last < step)
    }

    /// Whether the step reads the value at each of the rows in that row alone.
    pub(crate) fn reads_by_rows(&self, program: &Program, value: NodeId, rows: usize) -> bool {
        let bytes = program.ty(value).bytes();
        let places = self.reads.iter().enumerate().filter(|(_, read)| **read == value);
        bytes.is_multiple_of(rows)
            && places.into_iter().all(|(argument, _)| self.follows(program, argument, rows, bytes / rows))
    }

    /// Whether a result is reduced over the rows.
    pub(crate) fn reduces_rows(&self, number: usize, rows: usize) -> bool {
        match &self.work {
            Work::Kernel(work) => {
                let reduced = work.reductions.iter().any(|(reduced, ..)| *reduced == number);
                let walk = work.nest.row_walk(self.reads.len() + number, rows, 1);
                reduced && walk.is_none_or(|(step, _)| step == 0)
            }
            Work::Whole(_) => false,
        }
    }

    /// The rows of the blocks for which this step's reductions over rows have partial results.
    pub(crate) fn reduction_block(&self, spread: Spread) -> Option<usize> {
        match (&self.work, spread) {
            (Work::Kernel(work), Spread::Rows(steps)) if work.nest.rows_a_chunk.is_multiple_of(steps) => {
                let block = work.nest.rows_a_chunk / steps;
                let whole = work.nest.rows_a_chunk >= work.nest.row_space;
                (whole || work.nest.partial == Partial::Rows).then_some(block)
            }
            _ => None,
        }
    }

    /// The reductions that have partial results.
    pub(crate) fn partial_reductions(&self) -> &[(usize, Reduction, usize)] {
        match &self.work {
            Work::Kernel(work) if work.nest.parts() > 1 => &work.reductions,
            _ => &[],
        }
    }

    /// Bytes of the partial results of a reduction to `count` numbers.
    pub(crate) fn partial_bytes(&self, program: &Program, number: usize, count: usize) -> usize {
        let Work::Kernel(work) = &self.work else { return 0 };
        count * program.ty(self.writes[number]).dtype.size() * work.nest.parts()
    }

    /// Instructions, or multiplications, of the whole step: a measure of time.
    pub(crate) fn work(&self, program: &Program) -> usize {
        match &self.work {
            Work::Kernel(work) => work.nest.elements().saturating_mul(work.kernel.body.len()),
            Work::Whole(whole) => whole.work().max(program.ty(self.writes[0]).shape.elements()),
        }
    }
}
