//! A plan: steps with their kernels, the places of their values, and what to check of arguments.

use crate::compile::{Mode, Ready, ready, ready_rows};
use crate::draft::{Draft, Work};
use crate::fuse;
use crate::joint::{self, Joint};
use crate::lower;
use crate::nest::Nest;
use crate::peak::Peak;
use crate::place::{LocalPlacement, Place, Placement, ResultBuffer, place, place_local};
use crate::region::{self, Region, Unit};
use crate::rows::Spread;
use crate::schedule;
use crate::simplify::Program;
use crate::whole::Whole;
use crisol_ir::primitive::Reduction;
use crisol_ir::{DType, Error, ErrorKind, Graph, Kernel, NodeId, Operation, Result, TensorType};
use crisol_kernels::threads;
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// A program ready to run.
pub(crate) struct Plan {
    /// The types of the arguments, by number; `None` for those that nothing needs.
    pub(crate) arguments: Vec<Option<TensorType>>,
    /// Where the values that steps name live.
    pub(crate) slots: Vec<Place>,
    pub(crate) results: Vec<ResultBuffer>,
    /// The place of every requested output: an argument, a constant or a result.
    pub(crate) outputs: Vec<Place>,
    pub(crate) waves: Vec<Wave>,
    /// The waves up to the last one that data can make fail; results that take over arguments are made by later ones.
    pub(crate) uncertain: usize,
    /// Whether it goes on without its caller after the waves that may fail: nothing in the others is code from outside, and it takes longer
    /// than handing it over.
    pub(crate) is_detachable: bool,
    /// The longest wave of one thread, if others are for all: see [`solo`].
    pub(crate) solo: Option<usize>,
    pub(crate) arena_bytes: usize,
    /// What is alive when most is.
    pub(crate) peak: Peak,
}

/// Steps that run at once.
pub(crate) struct Wave {
    pub(crate) steps: Vec<Step>,
    /// For each step the tasks of all up to it.
    pub(crate) tasks: Vec<usize>,
    /// Instructions and multiplications of all steps.
    work: usize,
    /// Whether one thread does it: there is but one task, or it is done before another thread would have joined.
    pub(crate) is_solo: bool,
}

/// One thing to do.
pub(crate) enum Step {
    Kernel(KernelStep),
    Whole(WholeStep),
    Region(RegionStep),
}

/// A kernel over a nest, its arguments by slot.
pub(crate) struct KernelStep {
    pub(crate) kernel: Kernel,
    pub(crate) ready: Arc<Ready>,
    pub(crate) nest: Nest,
    pub(crate) slots: Vec<u32>,
    /// Bytes from row to row and from column to column, an argument each.
    pub(crate) row_strides: Vec<isize>,
    pub(crate) column_strides: Vec<isize>,
    pub(crate) reductions: Vec<ReductionStep>,
    /// Slots filled with zeros first, and their bytes.
    pub(crate) zeroed: Vec<(u32, usize)>,
}

/// An operation that runs as a whole, its operands and its result by slot.
pub(crate) struct WholeStep {
    pub(crate) whole: Whole,
    pub(crate) reads: Vec<u32>,
    pub(crate) write: u32,
}

/// Steps that run block of rows by block of rows; their slots are places in the region's own table.
pub(crate) struct RegionStep {
    pub(crate) rows: usize,
    pub(crate) block: usize,
    pub(crate) table: Vec<Entry>,
    pub(crate) members: Vec<(Member, Spread)>,
    /// All members as one function.
    pub(crate) joint: Option<Joint>,
    /// For a block; for a row, if there is one function for all members.
    pub(crate) scratch_bytes: usize,
}

/// A step of a region.
pub(crate) enum Member {
    Kernel(KernelStep),
    Whole(WholeStep),
}

/// Where a region finds a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Entry {
    /// A slot of the plan.
    Slot(u32),
    /// Bytes from the start of a block's scratch, and those of a row.
    Scratch(usize, usize),
}

/// A reduced output of a kernel.
pub(crate) struct ReductionStep {
    pub(crate) argument: usize,
    pub(crate) reduction: Reduction,
    pub(crate) dtype: DType,
    /// The number of results.
    pub(crate) count: usize,
    /// Where partial results start in the arena.
    pub(crate) scratch: usize,
    /// In a region: whether the rows themselves are reduced, so that blocks have partial results.
    pub(crate) over_rows: bool,
}

/// What making a plan cost.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Made {
    pub(crate) compiled: u64,
    pub(crate) found: u64,
}

impl Plan {
    /// Plans a graph.
    pub(crate) fn new(graph: &Graph, outputs: &[NodeId], mode: Mode, made: &mut Made) -> Result<Plan> {
        if cfg!(debug_assertions) {
            graph.verify()?;
        }
        let program = Program::new(graph, outputs)?;
        let groups = fuse::group(&program);
        let drafts = lower::drafts(&program, &groups)?;
        let waves = schedule::waves(&program, region::units(&program, drafts));
        let placement = place(&program, &waves);
        let uncertain = schedule::uncertain(&waves);
        let peak = Peak::new(&program, &waves, &placement);
        let mut maker = Maker {
            program: &program,
            placement: &placement,
            mode,
            made,
            numbers: FxHashMap::default(),
            slots: Vec::new(),
            work: 0,
        };
        // A loop: collecting in place of what is consumed takes a third of a second to compile.
        let mut made = Vec::with_capacity(waves.len());
        for wave in waves {
            made.push(maker.wave(wave)?);
        }
        let mut waves = made;
        let mut arguments = vec![None; graph.input_count()];
        for node in &program.nodes {
            if let Operation::Input(number) = node.operation
                && let Some(argument) = arguments.get_mut(number as usize)
            {
                *argument = Some(node.ty);
            }
        }
        let output = |&id: &NodeId| match program.node(id).operation {
            Operation::Input(number) => Ok(Place::Argument(number)),
            Operation::Constant(constant) => Ok(Place::Constant(constant)),
            Operation::Primitive(..) => maker.place(id),
        };
        let outputs = program.outputs.iter().map(output).collect::<Result<_>>()?;
        let (slots, work) = (maker.slots, maker.work);
        let is_foreign = |step: &Step| matches!(step, Step::Whole(step) if step.whole.is_definition());
        let is_foreign = waves[uncertain..].iter().any(|wave| wave.steps.iter().any(is_foreign));
        let is_detachable = !is_foreign && work > HANDED_OVER;
        let solo = if is_detachable { solo(&mut waves[uncertain..]) } else { None };
        let solo = solo.map(|number| uncertain + number);
        let Placement { results, arena_bytes, .. } = placement;
        Ok(Plan { arguments, slots, results, outputs, waves, uncertain, is_detachable, solo, arena_bytes, peak })
    }
}

/// Work that one thread has done before another would have joined.
const SMALL: usize = 1 << 15;

/// The same for waves with regions: their blocks read the same weights, which another thread has just written, and it takes longer to
/// fetch these from its cache than to compute with them.
const SMALL_REGION: usize = 5 << 17;

/// Work that is done in place before another thread would have been told of it.
const HANDED_OVER: usize = 1 << 18;

/// Work of a region, times the threads, up to which it is left to one of them while the caller records what comes next: when the caller did that in
/// another wave, it would be missed for as long, and what it was to update there would move to the other thread's cache.
const SOLO_REGION: usize = 6 << 20;

/// Chooses the wave that one thread does alone while the caller is away, if others are for all threads.
fn solo(waves: &mut [Wave]) -> Option<usize> {
    let most = SOLO_REGION / threads();
    let may_be = |wave: &Wave| wave.is_solo || matches!(wave.steps[..], [Step::Region(_)]) && wave.work <= most;
    let number = (0..waves.len()).filter(|&number| may_be(&waves[number])).max_by_key(|&number| waves[number].work)?;
    let others = waves.iter().enumerate().any(|(other, wave)| other != number && !wave.is_solo);
    if !others || waves[number].work <= SMALL {
        return None;
    }
    waves[number].is_solo = true;
    Some(number)
}

/// Makes steps of units: kernels are compiled, values numbered.
struct Maker<'a> {
    program: &'a Program,
    placement: &'a Placement,
    mode: Mode,
    made: &'a mut Made,
    numbers: FxHashMap<NodeId, u32>,
    slots: Vec<Place>,
    /// That of all units so far.
    work: usize,
}

impl Maker<'_> {
    fn place(&self, id: NodeId) -> Result<Place> {
        let known = self.placement.places.get(&id).copied();
        known.ok_or_else(|| Error::new(ErrorKind::Internal, format!("plan node %{} is read and has no place", id.0)))
    }

    fn slot(&mut self, id: NodeId) -> Result<u32> {
        if let Some(&number) = self.numbers.get(&id) {
            return Ok(number);
        }
        let number = self.slots.len() as u32;
        self.slots.push(self.place(id)?);
        self.numbers.insert(id, number);
        Ok(number)
    }

    fn wave(&mut self, wave: schedule::Wave) -> Result<Wave> {
        let mut made = Wave { steps: Vec::new(), tasks: Vec::new(), work: 0, is_solo: false };
        let mut tasks = 0usize;
        for unit in wave.into_units() {
            made.work += unit.drafts().iter().map(|draft| draft.work(self.program)).sum::<usize>();
            let step = match unit {
                Unit::Step(draft) => match self.member(draft, 0, &mut Self::slot)? {
                    Member::Kernel(step) => Step::Kernel(step),
                    Member::Whole(step) => Step::Whole(step),
                },
                Unit::Region(region) => Step::Region(self.region(region)?),
            };
            tasks += match &step {
                Step::Kernel(step) => {
                    let (rows, columns) = step.nest.chunk_grid();
                    rows * columns
                }
                Step::Whole(_) => 1,
                Step::Region(step) => step.rows.div_ceil(step.block),
            };
            made.tasks.push(tasks);
            made.steps.push(step);
        }
        self.work = self.work.saturating_add(made.work);
        let has_region = made.steps.iter().any(|step| matches!(step, Step::Region(_)));
        let is_small = made.work <= if has_region { SMALL_REGION } else { SMALL };
        // A single whole operation takes all threads by itself.
        made.is_solo = !matches!(made.steps[..], [Step::Whole(_)]) && (tasks <= 1 || is_small);
        Ok(made)
    }

    fn region(&mut self, region: Region) -> Result<RegionStep> {
        let kernels = if self.mode == Mode::Compiled { joint::kernels(&region) } else { None };
        let ready = kernels.map_or(Ok(None), ready_rows)?;
        let joint = ready.map(|(ready, compiled)| self.count(ready, compiled));
        let kept = if joint.is_some() { 1 } else { region.block };
        let LocalPlacement { scratch, homes, scratch_bytes } = place_local(self.program, &region, kept, self.placement);
        let Region { rows, block, members, spreads, local } = region;
        let mut table: Vec<Entry> = Vec::new();
        let mut numbers: FxHashMap<NodeId, u32> = FxHashMap::default();
        let mut number = |maker: &mut Self, id: NodeId| {
            if let Some(&number) = numbers.get(&id) {
                return Ok(number);
            }
            table.push(match (scratch.get(&id), local.get(&id)) {
                (Some(&offset), Some(&bytes)) => Entry::Scratch(offset, bytes),
                _ => Entry::Slot(maker.slot(*homes.get(&id).unwrap_or(&id))?),
            });
            numbers.insert(id, table.len() as u32 - 1);
            Ok(table.len() as u32 - 1)
        };
        let mut made = Vec::with_capacity(members.len());
        for (draft, spread) in members.into_iter().zip(spreads) {
            made.push((self.member(draft, rows, &mut number)?, spread));
        }
        let joint = joint.map(|ready| Joint::new(ready, &made, &table));
        Ok(RegionStep { rows, block, table, members: made, joint, scratch_bytes })
    }

    /// Counts what was made ready.
    fn count<T>(&mut self, ready: T, compiled: bool) -> T {
        *if compiled { &mut self.made.compiled } else { &mut self.made.found } += 1;
        ready
    }

    /// A step, its values numbered by `number`; over so many rows if it is part of a region. Kernels have code of their own even where
    /// there is one function for all of that: a batch of one row has no region, and new batch sizes shall compile nothing.
    fn member(
        &mut self,
        draft: Draft,
        rows: usize,
        number: &mut dyn FnMut(&mut Self, NodeId) -> Result<u32>,
    ) -> Result<Member> {
        let reduces_rows: Vec<bool> = (0..draft.writes.len()).map(|write| draft.reduces_rows(write, rows)).collect();
        let Draft { reads, writes, work, .. } = draft;
        let slots = reads.iter().chain(&writes).map(|&id| number(self, id)).collect::<Result<Vec<_>>>()?;
        let work = match work {
            Work::Whole(whole) => {
                let (reads, write) = (slots[..reads.len()].to_vec(), slots[reads.len()]);
                return Ok(Member::Whole(WholeStep { whole, reads, write }));
            }
            Work::Kernel(work) => work,
        };
        let (ready, compiled) = ready(work.kernel.clone(), self.mode)?;
        let ready = self.count(ready, compiled);
        let nest = work.nest;
        let last = nest.sizes.len() - 1;
        let row = |strides: &[isize]| if last > 0 { strides[last - 1] } else { 0 };
        let row_strides = nest.walks.iter().map(|walk| row(&walk.strides)).collect();
        let column_strides = nest.walks.iter().map(|walk| walk.strides[last]).collect();
        let reductions = work.reductions.into_iter().map(|(output, reduction, count)| ReductionStep {
            argument: reads.len() + output,
            reduction,
            dtype: self.program.ty(writes[output]).dtype,
            count,
            scratch: self.placement.partials.get(&writes[output]).copied().unwrap_or(0),
            over_rows: reduces_rows[output],
        });
        let zeroed = if work.zeroed {
            let written = writes.iter().zip(&slots[reads.len()..]);
            written.map(|(&id, &slot)| (slot, self.program.ty(id).bytes())).collect()
        } else {
            Vec::new()
        };
        Ok(Member::Kernel(KernelStep {
            reductions: reductions.collect(),
            kernel: work.kernel,
            ready,
            nest,
            slots,
            row_strides,
            column_strides,
            zeroed,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crisol_kernels::with_threads;

    fn wave(regions: usize, work: usize, is_solo: bool) -> Wave {
        let region = || RegionStep {
            rows: 64,
            block: 16,
            table: Vec::new(),
            members: Vec::new(),
            joint: None,
            scratch_bytes: 0,
        };
        let steps = (0..regions).map(|_| Step::Region(region())).collect();
        Wave { steps, tasks: (1..=regions).map(|count| 4 * count).collect(), work, is_solo }
    }

    #[test]
    fn one_wave_is_left_to_one_thread_if_others_are_for_all() {
        let waves = || [wave(2, 9 << 20, false), wave(1, 2 << 20, false), wave(1, 1 << 20, false), wave(1, 8, true)];
        let chosen = |waves: &mut [Wave], threads| {
            let number = with_threads(threads, || solo(waves));
            (number, waves.iter().map(|wave| wave.is_solo).collect::<Vec<_>>())
        };
        assert_eq!(chosen(&mut waves(), 2), (Some(1), vec![false, true, false, true]));
        // Too long for one of so many threads.
        assert_eq!(chosen(&mut waves(), 4), (Some(2), vec![false, false, true, true]));
        assert_eq!(chosen(&mut waves(), 8), (None, vec![false, false, false, true]));
        // Nobody is missed where all waves are for one.
        assert_eq!(chosen(&mut waves()[1..2], 2), (None, vec![false]));
        assert_eq!(chosen(&mut [wave(1, 1 << 20, true), wave(2, 8, true)], 2), (None, vec![true, true]));
        assert_eq!(chosen(&mut [], 2), (None, vec![]));
    }
}
