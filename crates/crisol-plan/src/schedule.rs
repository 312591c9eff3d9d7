//! The order of units: updates in place wait for all other readers and for whatever data can make fail, and units that do not need
//! each other share a wave, which is one parallel loop over the chunks of all of them.

use crate::draft::Work;
use crate::place::overwritable;
use crate::region::Unit;
use crate::simplify::Program;
use crate::whole::Routine;
use crisol_ir::NodeId;
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

/// Work beyond which a whole operation feeds the threads by itself.
const ALONE: usize = 1 << 17;
/// Bytes of values that may live longer so that a unit runs earlier, in a wave that is there.
const EARLY_BYTES: usize = 64 << 10;

/// Units that run at once: none needs another.
#[derive(Default)]
pub(crate) struct Wave {
    units: Vec<Unit>,
}

impl Wave {
    pub(crate) fn units(&self) -> impl Iterator<Item = &Unit> {
        self.units.iter()
    }

    /// Whether data can make it fail.
    pub(crate) fn can_fail(&self) -> bool {
        self.units.iter().any(Unit::can_fail)
    }

    pub(crate) fn into_units(self) -> Vec<Unit> {
        self.units
    }
}

/// Which waves take further units, those of a unit that takes all threads for itself being closed.
#[derive(Default)]
struct Open {
    /// For each wave itself if it is open, or a later one before which none is.
    next: Vec<usize>,
}

impl Open {
    fn push(&mut self, is_open: bool) {
        self.next.push(self.next.len() + usize::from(!is_open));
    }

    /// The first open wave from `wave` on, the one after the last if there is none.
    fn from(&mut self, mut wave: usize) -> usize {
        let start = wave;
        while let Some(&next) = self.next.get(wave).filter(|&&next| next != wave) {
            wave = next;
        }
        // Whoever comes next takes the way in one step.
        let mut passed = start;
        while passed < wave {
            passed = std::mem::replace(&mut self.next[passed], wave);
        }
        wave
    }
}

impl Unit {
    /// The arguments and constants whose memory a result of the unit may take over.
    fn overwrites(&self, program: &Program) -> SmallVec<[NodeId; 4]> {
        let drafts = self.drafts().iter();
        drafts
            .flat_map(|draft| (0..draft.writes.len()).flat_map(|output| overwritable(program, draft, output)))
            .filter(|&read| program.is_leaf(read))
            .collect()
    }

    /// Whether it makes use of all threads by itself, or runs code that is not ours.
    fn is_alone(&self) -> bool {
        match self {
            Unit::Step(draft) => match &draft.work {
                Work::Kernel(_) => false,
                Work::Whole(whole) => matches!(whole.routine, Routine::Definition(..)) || whole.work() > ALONE,
            },
            Unit::Region(_) => false,
        }
    }
}

/// The number of waves up to the last one that data can make fail: after them a plan is sure to succeed.
pub(crate) fn uncertain(waves: &[Wave]) -> usize {
    waves.iter().rposition(Wave::can_fail).map_or(0, |last| last + 1)
}

/// Orders units, and puts them in waves.
pub(crate) fn waves(program: &Program, mut units: Vec<Unit>) -> Vec<Wave> {
    delay(program, &mut units);
    let outputs: FxHashSet<NodeId> = program.outputs.iter().copied().collect();
    let mut waves: Vec<Wave> = Vec::new();
    let mut open = Open::default();
    // The wave that makes a value, and the last one that reads it.
    let mut made: FxHashMap<NodeId, usize> = FxHashMap::default();
    let mut read_by: FxHashMap<NodeId, usize> = FxHashMap::default();
    // How many units are to come that may fail, and the waves up to those that are placed.
    let mut uncertain = units.iter().filter(|unit| unit.can_fail()).count();
    let mut certain = 0;
    for unit in units {
        let after =
            unit.reads().chain(unit.waits()).filter_map(|read| made.get(&read)).max().map_or(0, |wave| wave + 1);
        let overwrites = unit.overwrites(program);
        let readers = overwrites.iter().filter_map(|read| read_by.get(read)).max().map_or(0, |wave| wave + 1);
        let mut earliest = after.max(readers);
        if uncertain == 0 && !overwrites.is_empty() {
            earliest = earliest.max(certain);
        }
        let alone = unit.is_alone();
        let kept = unit.writes().filter(|write| !outputs.contains(write));
        let early = kept.map(|write| program.ty(write).bytes()).sum::<usize>() <= EARLY_BYTES;
        let first = if early { earliest } else { earliest.max(waves.len().saturating_sub(1)) };
        let place = if alone { waves.len() } else { open.from(first) };
        if place == waves.len() {
            waves.push(Wave::default());
            open.push(!alone);
        }
        if unit.can_fail() {
            uncertain -= 1;
            certain = certain.max(place + 1);
        }
        // Local values, too: something may wait for one without reading it.
        for &write in unit.drafts().iter().flat_map(|draft| &draft.writes) {
            made.insert(write, place);
        }
        for read in unit.reads() {
            let last = read_by.entry(read).or_insert(place);
            *last = (*last).max(place);
        }
        waves[place].units.push(unit);
    }
    waves
}

/// Moves units that only make results behind every other reader of the arguments that these may overwrite, and behind every unit
/// that may fail.
fn delay(program: &Program, units: &mut Vec<Unit>) {
    let mut readers: FxHashMap<NodeId, usize> = FxHashMap::default();
    for (place, unit) in units.iter().enumerate() {
        for read in unit.reads() {
            readers.insert(read, place);
        }
    }
    let fallible = units.iter().rposition(Unit::can_fail);
    let results: FxHashSet<NodeId> = program.outputs.iter().copied().collect();
    let position = |(place, unit): (usize, &Unit)| {
        let last = unit.writes().all(|write| results.contains(&write) && !readers.contains_key(&write));
        if !last {
            return (place, 0);
        }
        let overwrites = unit.overwrites(program);
        if overwrites.is_empty() || unit.can_fail() {
            return (place, 0);
        }
        let readers = overwrites.iter().filter_map(|read| readers.get(read).copied());
        match readers.chain(fallible).max() {
            Some(after) if after > place => (after, 1),
            _ => (place, 0),
        }
    };
    let keys: Vec<(usize, u8)> = units.iter().enumerate().map(position).collect();
    if keys.iter().all(|&(_, moved)| moved == 0) {
        return;
    }
    let mut keyed: Vec<_> = keys.into_iter().zip(std::mem::take(units)).collect();
    keyed.sort_by_key(|(key, _)| *key);
    units.extend(keyed.into_iter().map(|(_, unit)| unit));
}
