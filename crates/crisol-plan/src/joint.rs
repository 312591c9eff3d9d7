//! Regions of kernels alone as one native function, which takes each row through all of them before it goes on to the next.
//!
//! Softmax and layer normalisation read a row several times, and little is computed in between. Row by row all but the first time
//! it comes from the first-level cache, and what only the region's kernels read is one row of scratch.

use crate::compile::ReadyRows;
use crate::draft::Work;
use crate::plan::{Entry, KernelStep, Member, RegionStep};
use crate::region::Region;
use crate::rows::Spread;
use crate::scratch::with_scratch;
use crate::wave::{Shared, fill};
use crisol_ir::NodeId;
use crisol_ir::kernel::{Access, Call, Role, RowKernel};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use std::ops::Range;
use std::sync::Arc;

/// Columns of a row for which going over it several times is worth what is set up anew for each.
const COLUMNS: usize = 128;

/// The function of a region, and how its arguments move.
pub(crate) struct Joint {
    ready: Arc<ReadyRows>,
    /// Bytes from row to row, for all arguments of each member one after the other.
    moves: Vec<isize>,
}

/// The kernels of a region over so many rows, if they can be one function.
pub(crate) fn kernels(region: &Region) -> Option<Vec<RowKernel>> {
    let Region { rows, members, spreads, .. } = region;
    let mut longest = 0;
    // How many members have read a value that is not in scratch.
    let mut readers: FxHashMap<NodeId, usize> = FxHashMap::default();
    let mut kernels = Vec::with_capacity(members.len());
    for (draft, &spread) in members.iter().zip(spreads) {
        let Work::Kernel(work) = &draft.work else { return None };
        let columns = match (spread, work.nest.sizes.len()) {
            (Spread::Columns(columns), 1) => columns,
            (Spread::Rows(1), 2) if work.nest.by_rows => work.nest.columns(),
            _ => return None,
        };
        longest = columns.max(longest);
        // A row's own results are those of its columns, and results of all rows are combined where they stand.
        let known = work.reductions.iter().all(|&(number, ..)| match work.kernel.outputs[number].role {
            Role::ReduceColumns(_) => matches!(spread, Spread::Rows(_)) && !draft.reduces_rows(number, *rows),
            Role::ReduceRows(_) => matches!(spread, Spread::Rows(_)) && draft.reduces_rows(number, *rows),
            Role::Store(_) => false,
        });
        if !known {
            return None;
        }
        let mut ahead = Vec::new();
        for (input, read) in draft.reads.iter().enumerate() {
            let is_long = work.kernel.inputs[input].access == Access::Contiguous && spread != Spread::Columns(1);
            // What all rows read is near already.
            let moves = matches!(spread, Spread::Columns(_)) || work.nest.walks[input].strides[0] != 0;
            let far = is_long && moves && !region.local.contains_key(read);
            if far && !draft.reads[..input].contains(read) {
                let before = readers.entry(*read).or_default();
                ahead.extend((*before == 1).then_some(input));
                *before += 1;
            }
        }
        kernels.push(RowKernel { kernel: work.kernel.clone(), single: spread == Spread::Columns(1), ahead });
    }
    (longest >= COLUMNS).then_some(kernels)
}

impl Joint {
    /// The function for these members, whose values are in that table.
    pub(crate) fn new(ready: Arc<ReadyRows>, members: &[(Member, Spread)], table: &[Entry]) -> Joint {
        let mut moves = Vec::new();
        for (step, spread) in steps(members) {
            let strides = if let Spread::Columns(_) = spread { &step.column_strides } else { &step.row_strides };
            moves.extend(strides.iter().zip(&step.slots).map(|(stride, &slot)| match table[slot as usize] {
                // Each row has it to itself while it is gone over.
                Entry::Scratch(..) => 0,
                Entry::Slot(_) => stride * spread.steps() as isize,
            }));
        }
        Joint { ready, moves }
    }

    /// Takes some rows through all members; partial results are those of `block`.
    ///
    /// # Safety
    /// The table has the memory of all slots; the rows are the caller's alone, and so are the block's partial results.
    pub(crate) unsafe fn run(&self, region: &RegionStep, shared: &Shared<'_>, block: usize, own: Range<usize>) {
        with_scratch(region.scratch_bytes, |scratch| {
            // Where row 0 would lie: members address rows by their numbers.
            let table: SmallVec<[*mut u8; 32]> = region
                .table
                .iter()
                .map(|entry| match *entry {
                    Entry::Slot(slot) => shared.table[slot as usize],
                    Entry::Scratch(offset, bytes) => scratch.wrapping_add(offset).wrapping_sub(own.start * bytes),
                })
                .collect();
            let shared = Shared { table: &table, arena: shared.arena };
            let mut pointers: SmallVec<[*mut u8; 48]> = SmallVec::from_elem(std::ptr::null_mut(), self.moves.len());
            let mut calls: SmallVec<[Call; 8]> = SmallVec::new();
            let mut first = 0;
            for (step, spread) in steps(&region.members) {
                let own_pointers = &mut pointers[first..first + step.slots.len()];
                // SAFETY: passed on.
                let call = unsafe { first_call(step, spread, &shared, block, own.clone(), own_pointers) };
                calls.push(Call { row_strides: self.moves[first..].as_ptr(), ..call });
                first += step.slots.len();
            }
            // When all are there: to write more would invalidate the first.
            let mut rest = &pointers[..];
            for (call, (step, _)) in calls.iter_mut().zip(steps(&region.members)) {
                call.pointers = rest.as_ptr();
                rest = &rest[step.slots.len()..];
            }
            // SAFETY: the pointers are those of the first of these rows, which are the caller's, and move on with them.
            unsafe { self.ready.call(&calls) };
        });
    }
}

/// The call of a kernel that begins with the first of some rows, without where pointers and row strides are; partial results are
/// filled with what they start from.
unsafe fn first_call(
    step: &KernelStep,
    spread: Spread,
    shared: &Shared<'_>,
    block: usize,
    own: Range<usize>,
    pointers: &mut [*mut u8],
) -> Call {
    let part = (step.nest.parts() > 1).then_some(block);
    let last = step.nest.sizes.len() - 1;
    let position_column_step = step.nest.positions[last];
    let start = own.start * spread.steps();
    let (place, columns, position_row_step) = match spread {
        Spread::Columns(columns) => ((0, start), columns, position_column_step.wrapping_mul(columns as u64)),
        _ => ((start, 0), step.nest.columns(), step.nest.positions[last - 1]),
    };
    let position = step.locate(shared, part, place, pointers);
    for reduction in step.reductions.iter().filter(|reduction| reduction.over_rows && part.is_some()) {
        // SAFETY: the block's own partial results.
        unsafe { fill(reduction, pointers[reduction.argument], reduction.count) };
    }
    Call {
        pointers: std::ptr::null(),
        row_strides: std::ptr::null(),
        column_strides: step.column_strides.as_ptr(),
        rows: own.len(),
        columns,
        position,
        position_row_step,
        position_column_step,
    }
}

fn steps(members: &[(Member, Spread)]) -> impl Iterator<Item = (&KernelStep, Spread)> {
    members.iter().filter_map(|(member, spread)| match member {
        Member::Kernel(step) => Some((step, *spread)),
        Member::Whole(_) => None,
    })
}
