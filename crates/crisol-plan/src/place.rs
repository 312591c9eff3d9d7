//! The order of steps and the memory of their values: one arena by lifetime, results in buffers of their own, and results
//! that may take over the memory of what they are made from.

use crate::lower::{Draft, KernelWork, Work};
use crate::simplify::Program;
use crisol_ir::kernel::Role;
use crisol_ir::value::Constant;
use crisol_ir::{NodeId, Operation, TensorType};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use std::collections::{BTreeMap, BTreeSet};

/// Every region of the arena starts at a multiple of this.
const ALIGNMENT: usize = crate::buffer::ALIGNMENT;

/// Where a stored value lives while a plan runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Argument(u32),
    Constant(Constant),
    /// One of the plan's buffers, by number.
    Result(u32),
    /// Bytes from the start of the arena.
    Arena(usize),
}

/// A result's buffer.
#[derive(Clone, Debug)]
pub(crate) struct ResultBuffer {
    pub(crate) ty: TensorType,
    /// Arguments whose memory it may take over if nobody else holds them.
    pub(crate) takes_over: SmallVec<[u32; 2]>,
}

/// The memory of a plan.
pub(crate) struct Placement {
    pub(crate) places: FxHashMap<NodeId, Place>,
    pub(crate) results: Vec<ResultBuffer>,
    /// For each step, where its partial results start in the arena.
    pub(crate) scratch: Vec<usize>,
    pub(crate) arena_bytes: usize,
}

/// Bytes of the partial results of a step, those of every reduction after each other.
pub(crate) fn scratch_bytes(draft: &Draft, program: &Program) -> usize {
    let Work::Kernel(work) = &draft.work else { return 0 };
    let parts = work.nest.parts();
    if parts < 2 {
        return 0;
    }
    let bytes = |(number, _, count): &(usize, _, usize)| {
        (count * program.ty(draft.writes[*number]).dtype.size() * parts).next_multiple_of(ALIGNMENT)
    };
    work.reductions.iter().map(bytes).sum()
}

/// Orders the steps and gives every value a place.
pub(crate) fn place(program: &Program, drafts: &mut Vec<Draft>) -> Placement {
    delay(program, drafts);
    let mut last_read: FxHashMap<NodeId, usize> = FxHashMap::default();
    for (step, draft) in drafts.iter().enumerate() {
        for &read in &draft.reads {
            last_read.insert(read, step);
        }
    }
    let mut placement =
        Placement { places: FxHashMap::default(), results: Vec::new(), scratch: vec![0; drafts.len()], arena_bytes: 0 };
    for &output in &program.outputs {
        if program.is_leaf(output) || placement.places.contains_key(&output) {
            continue;
        }
        placement.places.insert(output, Place::Result(placement.results.len() as u32));
        placement.results.push(ResultBuffer { ty: program.ty(output), takes_over: SmallVec::new() });
    }
    let mut arena = Arena::default();
    for (step, draft) in drafts.iter().enumerate() {
        for &read in &draft.reads {
            match program.node(read).operation {
                Operation::Input(number) => {
                    placement.places.insert(read, Place::Argument(number));
                }
                Operation::Constant(constant) => {
                    placement.places.insert(read, Place::Constant(constant));
                }
                Operation::Primitive(..) => {}
            }
        }
        let mut taken: SmallVec<[NodeId; 4]> = SmallVec::new();
        for (number, &write) in draft.writes.iter().enumerate() {
            let dying = overwritable(program, draft, number).filter(|read| last_read.get(read) == Some(&step));
            if let Some(&Place::Result(result)) = placement.places.get(&write) {
                let arguments = dying.filter_map(|read| match program.node(read).operation {
                    // An argument that is also a result must keep its elements.
                    Operation::Input(number) if !program.outputs.contains(&read) => Some(number),
                    _ => None,
                });
                let arguments: SmallVec<[u32; 2]> = arguments.collect();
                placement.results[result as usize].takes_over = arguments;
                continue;
            }
            let mut heir = None;
            for read in dying {
                if let (Some(&Place::Arena(offset)), false) = (placement.places.get(&read), taken.contains(&read)) {
                    taken.push(read);
                    heir = Some(offset);
                    break;
                }
            }
            let offset = heir.unwrap_or_else(|| arena.take(program.ty(write).bytes()));
            placement.places.insert(write, Place::Arena(offset));
        }
        let scratch = scratch_bytes(draft, program);
        if scratch > 0 {
            placement.scratch[step] = arena.take(scratch);
            arena.give(placement.scratch[step], scratch);
        }
        let mut dead: SmallVec<[NodeId; 8]> = draft.reads.iter().copied().collect();
        dead.sort_unstable();
        dead.dedup();
        for read in dead {
            if last_read.get(&read) == Some(&step)
                && !taken.contains(&read)
                && let Some(&Place::Arena(offset)) = placement.places.get(&read)
            {
                arena.give(offset, program.ty(read).bytes());
            }
        }
    }
    placement.arena_bytes = arena.end;
    placement
}

/// The values whose memory a step's output can take over: of the same size, and read only where it is written.
fn overwritable<'a>(program: &'a Program, draft: &'a Draft, output: usize) -> impl Iterator<Item = NodeId> + use<'a> {
    let work: Option<&KernelWork> = match &draft.work {
        Work::Kernel(work) if !work.zeroed && matches!(work.kernel.outputs[output].role, Role::Store(_)) => Some(work),
        _ => None,
    };
    let ty = program.ty(draft.writes[output]);
    work.into_iter().flat_map(move |work| {
        let target = &work.nest.walks[draft.reads.len() + output];
        let fits = move |read: NodeId| {
            let from = program.ty(read);
            from.dtype.size() == ty.dtype.size()
                && from.shape.elements() == ty.shape.elements()
                && draft.reads.iter().zip(&work.nest.walks).all(|(other, walk)| *other != read || walk == target)
        };
        draft.reads.iter().copied().filter(move |&read| fits(read))
    })
}

/// Moves steps that only make results behind every other reader of the arguments that these may overwrite.
fn delay(program: &Program, drafts: &mut Vec<Draft>) {
    let mut readers: FxHashMap<NodeId, usize> = FxHashMap::default();
    for (step, draft) in drafts.iter().enumerate() {
        for &read in &draft.reads {
            readers.insert(read, step);
        }
    }
    let results: rustc_hash::FxHashSet<NodeId> = program.outputs.iter().copied().collect();
    let position = |(step, draft): (usize, &Draft)| {
        let last = draft.writes.iter().all(|write| results.contains(write) && !readers.contains_key(write));
        if !last {
            return (step, 0);
        }
        let arguments = (0..draft.writes.len())
            .flat_map(|output| overwritable(program, draft, output))
            .filter(|&read| program.is_leaf(read));
        let after = arguments.filter_map(|read| readers.get(&read).copied()).max().unwrap_or(step);
        if after > step { (after, 1) } else { (step, 0) }
    };
    let keys: Vec<(usize, u8)> = drafts.iter().enumerate().map(position).collect();
    if keys.iter().all(|&(_, moved)| moved == 0) {
        return;
    }
    let mut keyed: Vec<_> = keys.into_iter().zip(std::mem::take(drafts)).collect();
    keyed.sort_by_key(|(key, _)| *key);
    drafts.extend(keyed.into_iter().map(|(_, draft)| draft));
}

/// Free regions of a growing range of bytes; the smallest that is large enough is taken.
#[derive(Default)]
struct Arena {
    by_offset: BTreeMap<usize, usize>,
    by_size: BTreeSet<(usize, usize)>,
    end: usize,
}

impl Arena {
    fn take(&mut self, bytes: usize) -> usize {
        let bytes = rounded(bytes);
        let found = self.by_size.range((bytes, 0)..).next().copied();
        if let Some((size, offset)) = found {
            self.remove(offset, size);
            if size > bytes {
                self.insert(offset + bytes, size - bytes);
            }
            return offset;
        }
        // A free region at the end is lengthened.
        let last = self.by_offset.last_key_value().map(|(&offset, &size)| (offset, size));
        if let Some((offset, size)) = last
            && offset + size == self.end
        {
            self.remove(offset, size);
            self.end = offset + bytes;
            return offset;
        }
        let offset = self.end;
        self.end += bytes;
        offset
    }

    fn give(&mut self, mut offset: usize, bytes: usize) {
        let mut size = rounded(bytes);
        let before = self.by_offset.range(..offset).next_back().map(|(&start, &size)| (start, size));
        if let Some((start, length)) = before
            && start + length == offset
        {
            self.remove(start, length);
            (offset, size) = (start, size + length);
        }
        if let Some(&length) = self.by_offset.get(&(offset + size)) {
            self.remove(offset + size, length);
            size += length;
        }
        self.insert(offset, size);
    }

    fn insert(&mut self, offset: usize, size: usize) {
        self.by_offset.insert(offset, size);
        self.by_size.insert((size, offset));
    }

    fn remove(&mut self, offset: usize, size: usize) {
        self.by_offset.remove(&offset);
        self.by_size.remove(&(size, offset));
    }
}

fn rounded(bytes: usize) -> usize {
    bytes.max(1).next_multiple_of(ALIGNMENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_never_overlap_and_are_used_again() {
        let mut arena = Arena::default();
        let mut taken: Vec<(usize, usize)> = Vec::new();
        let mut state = 1u32;
        for round in 0..2000 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            if taken.len() > 20 || (round % 3 == 2 && !taken.is_empty()) {
                let (offset, bytes) = taken.swap_remove(state as usize % taken.len());
                arena.give(offset, bytes);
            } else {
                let bytes = (state >> 16) as usize % 5000;
                let offset = arena.take(bytes);
                assert_eq!(offset % ALIGNMENT, 0);
                let free = |&(start, length): &(usize, usize)| {
                    offset + rounded(bytes) <= start || start + rounded(length) <= offset
                };
                assert!(taken.iter().all(free));
                taken.push((offset, bytes));
            }
        }
        assert!(arena.end < 21 * 5056 * 2, "{}", arena.end);
    }
}
