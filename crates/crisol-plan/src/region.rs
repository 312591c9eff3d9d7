//! Regions: steps over the same rows run together, one block of rows after the other.
//!
//! A dense layer is a matrix product, a kernel that adds the bias and cuts below 0, and later the gradient of both. Each of them
//! makes row `r` of its result from row `r` of what it reads. Run as a region, a thread takes a block of rows through all
//! of them: what only they read stays in a scratch buffer in its cache, and there is one parallel loop instead of many.
//! Reductions over the rows join if their partial results are those of the blocks, so that regions change no bits.

use crate::draft::{Draft, Work};
use crate::place::overwritable;
use crate::rows::Spread;
use crate::simplify::Program;
use crisol_ir::NodeId;
use crisol_kernels::threads;
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

/// Steps that are looked at for one region.
const WINDOW: usize = 64;
/// Bytes of a row beyond which a block no longer stays in a second-level cache.
const MAX_ROW_BYTES: usize = 1 << 20;
/// Bytes of a block's scratch that leave room for what it reads.
const SCRATCH: usize = 256 << 10;
/// Bytes that may wait for the end of a region for steps that could have read and freed them sooner.
const WAITING: usize = 128 << 10;
/// Work that makes a block of kernels worth its dispatch: each is a call.
const KERNEL_WORK: usize = 1 << 19;
/// The same where operations that run as a whole, such as products, are among them.
const WHOLE_WORK: usize = 1 << 18;
/// Blocks that a region has at least, if its rows allow.
const MIN_BLOCKS: usize = 8;
/// Rows that make the tiles of a matrix product worth their setup.
const TILE_ROWS: usize = 16;

/// What runs as one.
#[allow(clippy::large_enum_variant)] // few live at once
pub(crate) enum Unit {
    Step(Draft),
    Region(Region),
}

/// Steps that run block by block.
pub(crate) struct Region {
    pub(crate) rows: usize,
    /// The rows of a block.
    pub(crate) block: usize,
    pub(crate) members: Vec<Draft>,
    /// How each member goes over the rows.
    pub(crate) spreads: Vec<Spread>,
    /// Values that only members read, with the bytes of a row: they live in scratch.
    pub(crate) local: FxHashMap<NodeId, usize>,
}

impl Unit {
    /// The steps of which it consists.
    pub(crate) fn drafts(&self) -> &[Draft] {
        match self {
            Unit::Step(draft) => std::slice::from_ref(draft),
            Unit::Region(region) => &region.members,
        }
    }

    /// The stored values that it takes from outside, leaves among them.
    pub(crate) fn reads(&self) -> impl Iterator<Item = NodeId> {
        self.drafts().iter().enumerate().flat_map(|(number, draft)| {
            let earlier = &self.drafts()[..number];
            draft.reads.iter().copied().filter(|read| !earlier.iter().any(|other| other.writes.contains(read)))
        })
    }

    /// The values that others make and that it waits for without reading them.
    pub(crate) fn waits(&self) -> impl Iterator<Item = NodeId> {
        self.drafts().iter().flat_map(|draft| draft.waits.iter().copied())
    }

    /// What it reads, each value once.
    pub(crate) fn distinct_reads(&self) -> SmallVec<[NodeId; 8]> {
        let mut reads: SmallVec<[NodeId; 8]> = self.reads().collect();
        reads.sort_unstable();
        reads.dedup();
        reads
    }

    /// The values that others can read after it.
    pub(crate) fn writes(&self) -> impl Iterator<Item = NodeId> {
        self.drafts().iter().flat_map(|draft| draft.writes.iter().copied()).filter(|write| !self.is_local(*write))
    }

    /// The rows of a region.
    pub(crate) fn rows(&self) -> Option<usize> {
        match self {
            Unit::Step(_) => None,
            Unit::Region(region) => Some(region.rows),
        }
    }

    /// Whether data can make it fail.
    pub(crate) fn can_fail(&self) -> bool {
        self.drafts().iter().any(|draft| matches!(&draft.work, Work::Whole(whole) if whole.can_fail))
    }

    pub(crate) fn is_local(&self, id: NodeId) -> bool {
        match self {
            Unit::Step(_) => false,
            Unit::Region(region) => region.local.contains_key(&id),
        }
    }
}

/// Groups steps into regions where that pays.
pub(crate) fn units(program: &Program, drafts: Vec<Draft>) -> Vec<Unit> {
    let mut readers: FxHashMap<NodeId, u32> = FxHashMap::default();
    for read in drafts.iter().flat_map(|draft| distinct(&draft.reads)) {
        *readers.entry(read).or_default() += 1;
    }
    let outputs: FxHashSet<NodeId> = program.outputs.iter().copied().collect();
    let former = Former { program, readers, outputs };
    let mut rest: std::collections::VecDeque<Draft> = drafts.into();
    let mut units = Vec::new();
    while !rest.is_empty() {
        let window = rest.len().min(WINDOW);
        rest.make_contiguous();
        let chosen = former.best(&rest.as_slices().0[..window]);
        let Some(chosen) = chosen else {
            units.extend(rest.pop_front().map(Unit::Step));
            continue;
        };
        // What others of the window need from outside the region stays before it; what needs the region comes after.
        let end = chosen.members.last().map_or(0, |&(last, _)| last + 1);
        let mut members = Vec::with_capacity(chosen.members.len());
        let mut after = Vec::new();
        for (index, draft) in rest.drain(..end).enumerate() {
            if chosen.members.iter().any(|&(member, _)| member == index) {
                members.push(draft);
            } else if chosen.after.contains(&index) {
                after.push(draft);
            } else {
                units.push(Unit::Step(draft));
            }
        }
        let spreads = chosen.members.iter().map(|&(_, spread)| spread).collect();
        units.push(Unit::Region(former.finish(members, spreads, &chosen)));
        for draft in after.into_iter().rev() {
            rest.push_front(draft);
        }
    }
    units
}

fn distinct(reads: &[NodeId]) -> SmallVec<[NodeId; 8]> {
    let mut reads: SmallVec<[NodeId; 8]> = reads.iter().copied().collect();
    reads.sort_unstable();
    reads.dedup();
    reads
}

/// A region in the making: members by their place in the window.
struct Chosen {
    rows: usize,
    block: Option<usize>,
    members: Vec<(usize, Spread)>,
    /// Steps of the window that need the region and are no part of it.
    after: FxHashSet<usize>,
}

struct Former<'a> {
    program: &'a Program,
    /// How many steps read each value.
    readers: FxHashMap<NodeId, u32>,
    outputs: FxHashSet<NodeId>,
}

impl Former<'_> {
    /// The largest region that begins with the first step of the window.
    fn best(&self, window: &[Draft]) -> Option<Chosen> {
        let mut best: Option<Chosen> = None;
        // Many rows first: of equal regions the one with the shorter rows wins.
        for rows in window[0].row_counts().into_iter().rev() {
            let Some(found) = self.grow(window, rows) else { continue };
            if best.as_ref().is_none_or(|best| found.members.len() > best.members.len()) {
                best = Some(found);
            }
        }
        best
    }

    /// The region over `rows` rows that begins with the first step of the window, if it has two members.
    fn grow(&self, window: &[Draft], rows: usize) -> Option<Chosen> {
        if rows < 2 {
            return None;
        }
        let mut chosen = Chosen { rows, block: None, members: Vec::new(), after: FxHashSet::default() };
        // The bytes of a row of what members make, and what is whole only when all blocks are done.
        let mut made: FxHashMap<NodeId, usize> = FxHashMap::default();
        let mut late: FxHashSet<NodeId> = FxHashSet::default();
        let mut waiting: FxHashMap<NodeId, usize> = FxHashMap::default();
        for (index, draft) in window.iter().enumerate() {
            if waiting.values().sum::<usize>() > WAITING {
                break;
            }
            // What waits for a member is wanted later than its region: that is why it waits.
            let waits = draft.waits.iter().any(|wait| made.contains_key(wait) || late.contains(wait));
            let needs_late = waits || draft.reads.iter().any(|read| late.contains(read));
            let joined = if needs_late { None } else { self.join(draft, &chosen, &made) };
            match joined {
                Some((spread, block)) => {
                    chosen.members.push((index, spread));
                    chosen.block = block;
                    for (number, &write) in draft.writes.iter().enumerate() {
                        if draft.reduces_rows(number, rows) {
                            late.insert(write);
                        } else {
                            made.insert(write, self.program.ty(write).bytes() / rows);
                        }
                    }
                }
                None if index == 0 => return None,
                None => {
                    if needs_late || draft.reads.iter().any(|read| made.contains_key(read)) {
                        chosen.after.insert(index);
                        late.extend(draft.writes.iter().copied());
                        let reads = draft.reads.iter().filter_map(|read| Some((*read, made.get(read)? * rows)));
                        waiting.extend(reads);
                    }
                }
            }
        }
        self.prune(window, &mut chosen);
        let first = chosen.members.first().is_some_and(|&(index, _)| index == 0);
        (first && chosen.members.len() > 1 && self.pays(window, &chosen)).then_some(chosen)
    }

    /// How a step can take part, and the rows of a block if that is settled.
    fn join(&self, draft: &Draft, chosen: &Chosen, made: &FxHashMap<NodeId, usize>) -> Option<(Spread, Option<usize>)> {
        let (program, rows) = (self.program, chosen.rows);
        let spread = draft.spread(program, rows)?;
        for (argument, read) in draft.reads.iter().enumerate() {
            if let Some(&bytes) = made.get(read)
                && !draft.follows(program, argument, rows, bytes)
            {
                return None;
            }
        }
        let mut block = chosen.block;
        for (number, &write) in draft.writes.iter().enumerate() {
            let bytes = program.ty(write).bytes();
            if draft.reduces_rows(number, rows) {
                let own = draft.reduction_block(spread)?;
                if block.is_some_and(|block| block.min(rows) != own.min(rows)) {
                    return None;
                }
                block = Some(own);
            } else {
                let row = bytes / rows;
                let whole = bytes.is_multiple_of(rows) && row <= MAX_ROW_BYTES;
                if !whole || !draft.follows(program, draft.reads.len() + number, rows, row) {
                    return None;
                }
            }
        }
        Some((spread, block))
    }

    /// Leaves members out that neither read what others make nor make what others read.
    fn prune(&self, window: &[Draft], chosen: &mut Chosen) {
        let mut made: FxHashMap<NodeId, usize> = FxHashMap::default();
        for (place, &(index, _)) in chosen.members.iter().enumerate() {
            for &write in &window[index].writes {
                made.insert(write, place);
            }
        }
        let mut linked = vec![false; chosen.members.len()];
        for (place, &(index, _)) in chosen.members.iter().enumerate() {
            for read in &window[index].reads {
                if let Some(&maker) = made.get(read) {
                    linked[place] = true;
                    linked[maker] = true;
                }
            }
        }
        let mut place = 0;
        chosen.members.retain(|_| {
            place += 1;
            linked[place - 1]
        });
    }

    /// Whether running block by block is worth it.
    fn pays(&self, window: &[Draft], chosen: &Chosen) -> bool {
        let work: usize = chosen.members.iter().map(|&(index, _)| window[index].work(self.program)).sum();
        let blocks = chosen.block.map_or(chosen.rows, |block| chosen.rows.div_ceil(block));
        if blocks < threads() && work > 4 * WHOLE_WORK {
            return false;
        }
        // An update in place needs all other readers done with the row that it overwrites.
        chosen.members.iter().enumerate().all(|(place, &(index, _))| {
            let draft = &window[index];
            (0..draft.writes.len()).filter(|&number| self.outputs.contains(&draft.writes[number])).all(|number| {
                overwritable(self.program, draft, number).filter(|read| self.program.is_leaf(*read)).all(|read| {
                    let others = chosen.members.iter().enumerate().filter(|(other, _)| *other != place);
                    others.into_iter().all(|(other, &(index, _))| {
                        let before = other < place && window[index].reads_by_rows(self.program, read, chosen.rows);
                        before || !window[index].reads.contains(&read)
                    })
                })
            })
        })
    }

    fn finish(&self, members: Vec<Draft>, spreads: Vec<Spread>, chosen: &Chosen) -> Region {
        let rows = chosen.rows;
        let mut inside: FxHashMap<NodeId, u32> = FxHashMap::default();
        for read in members.iter().flat_map(|draft| distinct(&draft.reads)) {
            *inside.entry(read).or_default() += 1;
        }
        let mut local = FxHashMap::default();
        for draft in &members {
            for (number, &write) in draft.writes.iter().enumerate() {
                let stays = inside.get(&write).is_some_and(|count| self.readers.get(&write) == Some(count))
                    && !self.outputs.contains(&write);
                if stays && !draft.reduces_rows(number, rows) {
                    local.insert(write, self.program.ty(write).bytes() / rows);
                }
            }
        }
        let block = chosen.block.unwrap_or_else(|| {
            let work: usize = members.iter().map(|draft| draft.work(self.program)).sum();
            let bytes: usize = local.values().sum();
            let least = (rows / 4).clamp(1, TILE_ROWS);
            let has_whole = members.iter().any(|draft| matches!(draft.work, Work::Whole(_)));
            let block_work = if has_whole { WHOLE_WORK } else { KERNEL_WORK };
            let wanted = (block_work / (work / rows).max(1)).clamp(least, (rows / MIN_BLOCKS).max(least));
            wanted.min((SCRATCH / bytes.max(1)).max(1))
        });
        Region { rows, block: block.min(rows), members, spreads, local }
    }
}
