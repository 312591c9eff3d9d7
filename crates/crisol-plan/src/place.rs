//! The memory of values: one arena by lifetime, results in buffers of their own, and results
//! that may take over the memory of what they are made from.

use crate::draft::{Draft, KernelWork, Work};
use crate::nest::Walk;
use crate::region::{Region, Unit};
use crate::schedule::{self, Wave};
use crate::simplify::Program;
use crisol_ir::kernel::Role;
use crisol_ir::value::Constant;
use crisol_ir::{NodeId, Operation, TensorType};
use rustc_hash::{FxHashMap, FxHashSet};
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
    /// Where the partial results of reduced values start in the arena.
    pub(crate) partials: FxHashMap<NodeId, usize>,
    pub(crate) arena_bytes: usize,
}

/// Gives every value of some waves a place.
pub(crate) fn place(program: &Program, waves: &[Wave]) -> Placement {
    // Arguments stay as they are while something can fail.
    let uncertain = schedule::uncertain(waves);
    // The last wave that reads a value, and how many of its units do.
    let mut last_read: FxHashMap<NodeId, (usize, usize)> = FxHashMap::default();
    for (number, wave) in waves.iter().enumerate() {
        for unit in wave.units() {
            for read in unit.distinct_reads() {
                match last_read.entry(read).or_insert((number, 0)) {
                    (last, count) if *last == number => *count += 1,
                    entry => *entry = (number, 1),
                }
            }
        }
    }
    let mut is_output = vec![false; program.nodes.len()];
    for output in &program.outputs {
        is_output[output.index()] = true;
    }
    let mut placement =
        Placement { places: FxHashMap::default(), results: Vec::new(), partials: FxHashMap::default(), arena_bytes: 0 };
    for &output in &program.outputs {
        if program.is_leaf(output) || placement.places.contains_key(&output) {
            continue;
        }
        placement.places.insert(output, Place::Result(placement.results.len() as u32));
        placement.results.push(ResultBuffer { ty: program.ty(output), takes_over: SmallVec::new() });
    }
    let mut arena = Arena::default();
    for (number, wave) in waves.iter().enumerate() {
        let dies = |read: NodeId| last_read.get(&read) == Some(&(number, 1));
        let mut taken: FxHashSet<NodeId> = FxHashSet::default();
        let mut partials: Vec<(usize, usize)> = Vec::new();
        for unit in wave.units() {
            for read in unit.distinct_reads() {
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
            for (member, draft) in unit.drafts().iter().enumerate() {
                // What another member of the region reads cannot be overwritten block by block, unless that member is done with
                // the block by then.
                let alone = |read: NodeId| {
                    let others = unit.drafts().iter().enumerate().filter(|(other, _)| *other != member);
                    others.into_iter().all(|(other, draft)| {
                        let rows = unit.rows();
                        let before =
                            other < member && rows.is_some_and(|rows| draft.reads_by_rows(program, read, rows));
                        before || !draft.reads.contains(&read)
                    })
                };
                for (output, &write) in draft.writes.iter().enumerate() {
                    if unit.is_local(write) {
                        continue;
                    }
                    let dying = overwritable(program, draft, output).filter(|&read| dies(read) && alone(read));
                    if let Some(&Place::Result(result)) = placement.places.get(&write) {
                        let arguments = dying.filter_map(|read| match program.node(read).operation {
                            // An argument that is also a result must keep its elements.
                            Operation::Input(number) if !is_output[read.index()] => Some(number),
                            _ => None,
                        });
                        if number >= uncertain {
                            placement.results[result as usize].takes_over = arguments.collect();
                        }
                        continue;
                    }
                    let heir =
                        dying.filter(|read| !taken.contains(read)).find_map(|read| match placement.places.get(&read) {
                            Some(&Place::Arena(offset)) => Some((read, offset)),
                            _ => None,
                        });
                    let offset = match heir {
                        Some((read, offset)) => {
                            taken.insert(read);
                            offset
                        }
                        None => arena.take(program.ty(write).bytes()),
                    };
                    placement.places.insert(write, Place::Arena(offset));
                }
                for &(reduced, _, count) in draft.partial_reductions() {
                    let bytes = draft.partial_bytes(program, reduced, count);
                    let offset = arena.take(bytes);
                    partials.push((offset, bytes));
                    placement.partials.insert(draft.writes[reduced], offset);
                }
            }
        }
        for (offset, bytes) in partials {
            arena.give(offset, bytes);
        }
        let mut dead: Vec<NodeId> = wave.units().flat_map(Unit::distinct_reads).collect();
        dead.sort_unstable();
        dead.dedup();
        for read in dead {
            let last = last_read.get(&read).is_some_and(|&(last, _)| last == number);
            if let (true, false, Some(&Place::Arena(offset))) =
                (last, taken.contains(&read), placement.places.get(&read))
            {
                arena.give(offset, program.ty(read).bytes());
            }
        }
    }
    placement.arena_bytes = arena.end;
    placement
}

/// Where the values that only a region's members read live while a block runs.
pub(crate) struct LocalPlacement {
    /// The bytes at which their rows start in the block's scratch.
    pub(crate) scratch: FxHashMap<NodeId, usize>,
    /// Those that live in the rows of a value that others can read, which takes over their memory when it is made.
    pub(crate) homes: FxHashMap<NodeId, NodeId>,
    pub(crate) scratch_bytes: usize,
}

/// Gives the local values of a region a place, of so many rows.
pub(crate) fn place_local(program: &Program, region: &Region, rows: usize, placement: &Placement) -> LocalPlacement {
    let mut last_read: FxHashMap<NodeId, usize> = FxHashMap::default();
    for (member, draft) in region.members.iter().enumerate() {
        for &read in &draft.reads {
            last_read.insert(read, member);
        }
    }
    let homes = homes(program, region, placement, &last_read);
    let mut scratch: FxHashMap<NodeId, usize> = FxHashMap::default();
    let mut arena = Arena::default();
    for (member, draft) in region.members.iter().enumerate() {
        let mut taken: SmallVec<[NodeId; 4]> = SmallVec::new();
        for (output, &write) in draft.writes.iter().enumerate() {
            let Some(&bytes) = region.local.get(&write).filter(|_| !homes.contains_key(&write)) else { continue };
            let mut dying = overwritable(program, draft, output)
                .filter(|read| last_read.get(read) == Some(&member) && !taken.contains(read));
            let heir = dying.find_map(|read| scratch.get(&read).map(|&offset| (read, offset)));
            let offset = match heir {
                Some((read, offset)) => {
                    taken.push(read);
                    offset
                }
                None => arena.take(bytes * rows),
            };
            scratch.insert(write, offset);
        }
        let mut dead = draft.reads.clone();
        dead.sort_unstable();
        dead.dedup();
        for read in dead {
            let dies = last_read.get(&read) == Some(&member) && !taken.contains(&read);
            if let (true, Some(&offset), Some(bytes)) = (dies, scratch.get(&read), region.local.get(&read)) {
                arena.give(offset, bytes * rows);
            }
        }
    }
    LocalPlacement { scratch, homes, scratch_bytes: arena.end }
}

/// The local values that can wait for their last reader in the memory of what it makes of them, so that its cache lines are
/// fetched once: those of softmax's powers are then the probabilities'.
fn homes(
    program: &Program,
    region: &Region,
    placement: &Placement,
    last_read: &FxHashMap<NodeId, usize>,
) -> FxHashMap<NodeId, NodeId> {
    // Memory that was an argument's or another value's may still be read by members.
    let is_new = |write: &NodeId| match placement.places.get(write) {
        Some(&Place::Result(result)) => placement.results[result as usize].takes_over.is_empty(),
        Some(place @ Place::Arena(_)) => {
            let reads = region.members.iter().flat_map(|draft| &draft.reads);
            reads.into_iter().all(|read| read == write || placement.places.get(read) != Some(place))
        }
        _ => false,
    };
    let mut homes: FxHashMap<NodeId, NodeId> = FxHashMap::default();
    for (member, draft) in region.members.iter().enumerate().rev() {
        for (output, write) in draft.writes.iter().enumerate() {
            let home = match region.local.contains_key(write) {
                true => homes.get(write).copied(),
                false => Some(*write).filter(is_new),
            };
            let Some(home) = home else { continue };
            let mut dying = overwritable(program, draft, output).filter(|read| {
                let local = region.local.contains_key(read) && !homes.contains_key(read);
                local && last_read.get(read) == Some(&member)
            });
            if let Some(read) = dying.next() {
                homes.insert(read, home);
            }
        }
    }
    homes
}

/// The values whose memory a step's output can take over: of the same size, and read only where it is written.
pub(crate) fn overwritable<'a>(
    program: &'a Program,
    draft: &'a Draft,
    output: usize,
) -> impl Iterator<Item = NodeId> + use<'a> {
    let work: Option<&KernelWork> = match &draft.work {
        Work::Kernel(work) if !work.zeroed && matches!(work.kernel.outputs[output].role, Role::Store(_)) => Some(work),
        _ => None,
    };
    let ty = program.ty(draft.writes[output]);
    work.into_iter().flat_map(move |work| {
        let target = &work.nest.walks[draft.reads.len() + output];
        let fits = move |(place, walk): (usize, &Walk)| {
            let read = draft.reads[place];
            let from = program.ty(read);
            let same = from.dtype.size() == ty.dtype.size() && from.shape.elements() == ty.shape.elements();
            // A value that is read in two ways must be read in this way alone.
            let other = |&place: &usize| work.nest.walks[place] == *target;
            (same && walk == target && draft.repeated.iter().filter(|&&place| draft.reads[place] == read).all(other))
                .then_some(read)
        };
        work.nest.walks[..draft.reads.len()].iter().enumerate().filter_map(fits)
    })
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
