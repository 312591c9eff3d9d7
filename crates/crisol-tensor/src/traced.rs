//! What a recorder knows of a trace beside its nodes: cells to use again, flushes and stretches of nodes that it has seen.

use crate::cell::Cell;
use crisol_ir::NodeId;
use crisol_ir::value::Constant;
use crisol_plan::Prepared;
use std::sync::{Arc, Weak};

/// Flushes, and stretches of nodes, remembered of one trace at most.
const MOST_REMEMBERED: usize = 16;

#[derive(Default)]
pub(crate) struct Traced {
    /// By node; may be shorter or longer than the recording.
    pub(crate) cells: Vec<Slot>,
    flushes: Vec<Flush>,
    stretches: Vec<Stretch>,
}

/// The cell of a node.
///
/// The recorder holds on to it, so that the next recording of the trace needs no new one: whether anybody else does tells if the
/// tensor is alive.
#[derive(Default)]
pub(crate) enum Slot {
    #[default]
    Empty,
    Held(Arc<Cell>),
    /// After the recorder's thread has ended: only those who hold the tensor keep it.
    Watched(Weak<Cell>),
}

/// What decides over a flush beside the trace: all of it equal, it is the same program with the same outputs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FlushKey {
    /// The nodes recorded.
    pub(crate) length: usize,
    pub(crate) is_taped: bool,
    /// The nodes whose handles live and have no value yet.
    pub(crate) live: Vec<NodeId>,
    /// The nodes that have values.
    pub(crate) valued: Vec<NodeId>,
}

/// A flush that was planned before.
#[derive(Clone)]
pub(crate) struct Flush {
    pub(crate) key: FlushKey,
    pub(crate) task: Arc<Task>,
}

/// What a flush has to do.
pub(crate) struct Task {
    pub(crate) prepared: Prepared,
    pub(crate) arguments: Vec<From>,
    /// The nodes that get values, in the order of the plan's outputs.
    pub(crate) wanted: Vec<NodeId>,
}

/// Where an argument of a plan comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum From {
    /// The recording's argument of that number.
    Source(u32),
    /// The value of a node.
    Value(NodeId),
}

/// Nodes that were appended as a function of the graph before them and of a key.
pub(crate) struct Stretch {
    pub(crate) start: usize,
    pub(crate) key: Vec<u32>,
    pub(crate) end: usize,
    pub(crate) results: Vec<Option<NodeId>>,
    /// The arguments among the nodes: numbers that are always the same.
    pub(crate) scalars: Vec<(NodeId, Constant)>,
}

impl Slot {
    /// The cell, if a tensor with it is alive.
    pub(crate) fn alive(&self) -> Option<Arc<Cell>> {
        match self {
            Slot::Empty => None,
            Slot::Held(cell) => (Arc::strong_count(cell) > 1).then(|| Arc::clone(cell)),
            Slot::Watched(cell) => cell.upgrade(),
        }
    }

    /// Whether somebody holds the tensor and waits for its value.
    pub(crate) fn is_awaited(&self) -> bool {
        match self {
            Slot::Empty => false,
            Slot::Held(cell) => Arc::strong_count(cell) > 1 && cell.is_pending(),
            Slot::Watched(cell) => cell.upgrade().is_some_and(|cell| cell.is_pending()),
        }
    }

    /// Lets go of a tensor that somebody holds; keeps the cell of one that nobody does.
    pub(crate) fn release(&mut self) {
        let keep = match self {
            Slot::Held(cell) => Arc::strong_count(cell) == 1 && Cell::reset(cell),
            Slot::Empty | Slot::Watched(_) => false,
        };
        if !keep {
            *self = Slot::Empty;
        }
    }

    /// Lets go of the cell, but not out of sight while somebody holds it.
    pub(crate) fn retire(&mut self) {
        *self = match std::mem::take(self) {
            Slot::Held(cell) if Arc::strong_count(&cell) > 1 => Slot::Watched(Arc::downgrade(&cell)),
            Slot::Watched(cell) => Slot::Watched(cell),
            _ => Slot::Empty,
        };
    }
}

impl Traced {
    pub(crate) fn flush(&self, key: &FlushKey) -> Option<Arc<Task>> {
        self.flushes.iter().find(|flush| flush.key == *key).map(|flush| Arc::clone(&flush.task))
    }

    pub(crate) fn forget_flushes(&mut self) {
        self.flushes.clear();
    }

    pub(crate) fn remember_flush(&mut self, key: FlushKey, task: Arc<Task>) {
        self.flushes.retain(|flush| flush.key != key);
        if self.flushes.len() >= MOST_REMEMBERED {
            self.flushes.remove(0);
        }
        self.flushes.push(Flush { key, task });
    }

    /// The stretch that starts at a node with the given key.
    pub(crate) fn stretch(&self, start: usize, key: &[u32]) -> Option<&Stretch> {
        self.stretches.iter().find(|stretch| stretch.start == start && stretch.key == key)
    }

    pub(crate) fn remember_stretch(&mut self, stretch: Stretch) {
        if self.stretches.len() >= MOST_REMEMBERED {
            self.stretches.remove(0);
        }
        self.stretches.push(stretch);
    }

    /// Takes over the cells of the first nodes, which another trace has in common with this one.
    pub(crate) fn take_cells(&mut self, from: &mut Traced, count: usize) {
        let count = count.min(from.cells.len());
        if self.cells.len() < count {
            self.cells.resize_with(count, Slot::default);
        }
        self.cells[..count].swap_with_slice(&mut from.cells[..count]);
    }
}
