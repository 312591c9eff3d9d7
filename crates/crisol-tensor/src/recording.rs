//! A recording: the graph of what was recorded, what it takes in, and the handles of its nodes.

use crate::cell::{Cell, Place};
use crate::recorder::Recorder;
use crate::tensor::Tensor;
use crate::traced::{Slot, Traced};
use crate::variable::Assignment;
use crisol_ir::value::Constant;
use crisol_ir::{Error, ErrorKind, Graph, NodeId, Operation, Result, TensorType};
use crisol_plan::{Mode, Planner, Stats, buffer::Buffer};
use smallvec::SmallVec;
use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

/// The nodes of an operation's inputs.
pub(crate) type Nodes = SmallVec<[NodeId; 4]>;

/// Pending nodes beyond which recording evaluates by itself, so that an endless loop without a read stays small.
const MOST_PENDING: usize = 100_000;
/// Bytes that nobody but the recording holds any more, beyond which it evaluates by itself.
const MOST_PENDING_BYTES: usize = 256 << 20;

/// Where the value of an argument comes from.
#[derive(Clone)]
pub(crate) enum Source {
    Buffer(Arc<Buffer>),
    Scalar(Constant),
    /// Known by type alone, inside a trace.
    Abstract,
}

/// The operations of a recorder since it last forgot them.
///
/// A flush hands what live handles need to the planner, and gives every live handle its value. While a gradient tape lives the
/// nodes stay, so that gradients can be appended to the same graph; without one a flush forgets them, and expects them again.
pub(crate) struct Recording {
    pub(crate) graph: Graph,
    /// Distinguishes this recording from all others: node numbers of another one mean nothing here.
    pub(crate) epoch: u64,
    /// What it knows of the trace that the graph follows, and of the others that the graph remembers.
    pub(super) traced: Traced,
    trace: u64,
    others: Vec<(u64, Traced)>,
    /// One for each argument of the graph, with its node, and the tensor if it is one.
    pub(super) sources: Vec<(NodeId, Source, Weak<Cell>)>,
    /// The values of nodes evaluated while a tape lives; may be shorter than the graph.
    pub(super) values: Vec<Option<Arc<Buffer>>>,
    /// The nodes that have values, in the order in which they got them.
    pub(super) valued: Vec<NodeId>,
    pub(super) assignments: Vec<Assignment>,
    /// The line behind each stretch of nodes, by its end.
    lines: Vec<(u32, &'static Location<'static>)>,
    /// Nodes up to here were part of an earlier flush.
    pub(super) flushed: usize,
    /// Bytes of arguments since the last flush, and how many call for a closer look.
    bytes: usize,
    bytes_to_check: usize,
    pub(super) tapes: usize,
    is_trace: bool,
    /// Whether it expects what it recorded before.
    pub(super) has_cursor: bool,
    pub(super) planner: Planner,
}

fn next_epoch() -> u64 {
    static EPOCHS: AtomicU64 = AtomicU64::new(1);
    EPOCHS.fetch_add(1, Ordering::Relaxed)
}

impl Recording {
    /// An empty recording; that of a trace knows no values.
    pub(crate) fn new(is_trace: bool) -> Recording {
        Recording {
            graph: Graph::new(),
            epoch: next_epoch(),
            traced: Traced::default(),
            trace: 0,
            others: Vec::new(),
            sources: Vec::new(),
            values: Vec::new(),
            valued: Vec::new(),
            assignments: Vec::new(),
            lines: Vec::new(),
            flushed: 0,
            bytes: 0,
            bytes_to_check: MOST_PENDING_BYTES,
            tapes: 0,
            is_trace,
            has_cursor: !is_trace && std::env::var("CRISOL_CURSOR").map_or(true, |value| value.trim() != "0"),
            planner: Planner::new(),
        }
    }

    pub(crate) fn is_trace(&self) -> bool {
        self.is_trace
    }

    pub(crate) fn stats(&self) -> Stats {
        self.planner.stats()
    }

    /// Makes new plans, whose kernels run as told.
    pub(crate) fn set_mode(&mut self, mode: Mode) {
        self.planner = Planner::with_mode(mode);
        // They know plans of the old planner.
        self.traced.forget_flushes();
        self.others.iter_mut().for_each(|(_, traced)| traced.forget_flushes());
    }

    /// The number of nodes since the last flush.
    pub(crate) fn pending(&self) -> usize {
        self.graph.len() - self.flushed
    }

    /// A tape begins: nodes stay from here on. Returns the recording's epoch and the number of the next node.
    pub(crate) fn keep(&mut self) -> (u64, u32) {
        self.tapes += 1;
        (self.epoch, self.graph.len() as u32)
    }

    /// A tape ends.
    pub(crate) fn let_go(&mut self) {
        self.tapes -= 1;
        if self.tapes == 0 && self.pending() == 0 && !self.traced.cells.iter().any(Slot::is_awaited) {
            self.forget();
        }
    }

    /// Appends what `work` appends, and follows the graph if that leads to another trace.
    ///
    /// Part of its callers, for every node passes here: a result that is moved in memory right after it was written in pieces costs a wait for
    /// the pieces.
    #[inline(always)]
    pub(crate) fn append<R>(&mut self, work: impl FnOnce(&mut Recording) -> R) -> R {
        let start = self.graph.len();
        let result = work(self);
        if self.graph.trace() != self.trace {
            self.change_trace(start);
        }
        result
    }

    #[cold]
    fn change_trace(&mut self, start: usize) {
        let number = self.graph.trace();
        let known = self.others.iter().position(|(other, _)| *other == number);
        let mut next = known.map(|place| self.others.swap_remove(place).1).unwrap_or_default();
        // All handles are of nodes before `start`, which both traces have in common.
        next.take_cells(&mut self.traced, start);
        let left = std::mem::replace(&mut self.traced, next);
        self.others.push((self.trace, left));
        self.trace = number;
        let graph = &self.graph;
        self.others.retain(|(other, _)| graph.remembers(*other));
    }

    /// Adds the nodes of tensors in this recording to `nodes`, as arguments if they were made elsewhere.
    #[inline]
    pub(crate) fn nodes_of(&mut self, tensors: &[&Tensor], nodes: &mut Nodes) -> Result<()> {
        nodes.reserve_exact(tensors.len());
        for tensor in tensors {
            nodes.push(match tensor.cell().place().node_in(self.epoch) {
                Some(node) if tensor.cell().error().is_none() => node,
                _ => self.entering(tensor)?,
            });
        }
        Ok(())
    }

    /// The node of a tensor that was not made in this recording.
    fn entering(&mut self, tensor: &Tensor) -> Result<NodeId> {
        let cell = tensor.cell();
        let buffer = match cell.value() {
            Some(Ok(buffer)) => buffer,
            Some(Err(error)) => return Err(error.clone()),
            None => {
                return Err(Error::new(
                    ErrorKind::State,
                    "a tensor of another trace or thread was used before it had a value",
                ));
            }
        };
        if cell.place().is_later(self.epoch) {
            // Another thread has noted its own place over this recording's, if there was one.
            // Not by its buffer, which several tensors may have in common.
            let same = |known: &Weak<Cell>| std::ptr::eq(known.as_ptr(), Arc::as_ptr(cell));
            if let Some((node, ..)) = self.sources.iter().find(|(.., known)| same(known)) {
                return Ok(*node);
            }
            let same = |slot: &Slot| matches!(slot, Slot::Held(known) if Arc::ptr_eq(known, cell));
            if let Some(place) = self.traced.cells.iter().position(same) {
                return Ok(NodeId(place as u32));
            }
        }
        let ty = cell.ty.ok_or_else(|| Error::new(ErrorKind::Internal, "a value without a type"))?;
        self.bytes += buffer.bytes();
        let node = self.graph.input(ty);
        self.sources.push((node, Source::Buffer(Arc::clone(buffer)), Arc::downgrade(cell)));
        cell.know(Place::new(self.epoch, node));
        Ok(node)
    }

    pub(crate) fn argument(&mut self, ty: TensorType, source: Source) -> NodeId {
        let node = self.graph.input(ty);
        self.sources.push((node, source, Weak::new()));
        node
    }

    /// A handle for a node.
    #[inline]
    pub(crate) fn handle(&mut self, recorder: &Arc<Recorder>, node: NodeId) -> Tensor {
        let place = Place::new(self.epoch, node);
        if let Some(Slot::Held(cell)) = self.traced.cells.get(node.index()) {
            // One that somebody holds is of this recording, even if another thread has noted its own place over it since.
            if cell.place() != place && Arc::strong_count(cell) == 1 {
                cell.set_place(place);
                if let Some(buffer) = self.known_value(node) {
                    cell.settle(Ok(buffer));
                }
            }
            return Tensor::from_cell(Arc::clone(cell));
        }
        self.new_handle(recorder, node, place)
    }

    #[cold]
    fn new_handle(&mut self, recorder: &Arc<Recorder>, node: NodeId, place: Place) -> Tensor {
        let cell = Arc::new(Cell::pending(self.graph.ty(node), Arc::clone(recorder), place));
        if let Some(buffer) = self.known_value(node) {
            cell.settle(Ok(buffer));
        }
        let cells = &mut self.traced.cells;
        if cells.len() <= node.index() {
            cells.resize_with(node.index() + 1, Slot::default);
        }
        cells[node.index()] = Slot::Held(Arc::clone(&cell));
        Tensor::from_cell(cell)
    }

    /// The value of a node that needs no flush.
    fn known_value(&self, node: NodeId) -> Option<Arc<Buffer>> {
        if let Some(buffer) = self.value(node) {
            return Some(Arc::clone(buffer));
        }
        match &self.graph.node(node).operation {
            Operation::Input(number) => match &self.sources[*number as usize].1 {
                Source::Buffer(buffer) => Some(Arc::clone(buffer)),
                Source::Scalar(_) | Source::Abstract => None,
            },
            _ => None,
        }
    }

    pub(super) fn value(&self, id: NodeId) -> Option<&Arc<Buffer>> {
        self.values.get(id.index()).and_then(Option::as_ref)
    }

    /// Notes the line that recorded the nodes up to here.
    #[inline]
    pub(crate) fn note_line(&mut self, location: &'static Location<'static>) {
        self.lines.push((self.graph.len() as u32, location));
    }

    /// The line that recorded a node, as far as it is known.
    pub(super) fn line(&self, node: NodeId) -> Option<&'static Location<'static>> {
        let place = self.lines.partition_point(|&(end, _)| end <= node.0);
        self.lines.get(place).map(|&(_, location)| location)
    }

    /// Notes that a variable has a new, pending value.
    pub(crate) fn assigned(&mut self, assignment: Assignment) {
        self.assignments.push(assignment);
    }

    /// Whether so much is pending that it is time to evaluate, read or not.
    #[inline]
    pub(crate) fn is_full(&mut self) -> bool {
        let is_full =
            self.pending() > MOST_PENDING || (self.bytes > self.bytes_to_check && self.holds_too_many_bytes());
        is_full && !self.is_trace
    }

    /// Looks closer at the bytes of arguments: those that somebody else holds as well are not freed by a flush.
    #[cold]
    fn holds_too_many_bytes(&mut self) -> bool {
        let own = |source: &Source| match source {
            Source::Buffer(buffer) if Arc::strong_count(buffer) == 1 => buffer.bytes(),
            _ => 0,
        };
        let own: usize = self.sources.iter().map(|(_, source, _)| own(source)).sum();
        self.bytes_to_check = self.bytes + MOST_PENDING_BYTES / 4;
        own > MOST_PENDING_BYTES
    }

    /// The flush is over: counts from here.
    pub(super) fn count_anew(&mut self) {
        self.flushed = self.graph.len();
        self.bytes = 0;
        self.bytes_to_check = MOST_PENDING_BYTES;
    }

    /// Empties the recording, and keeps its memory and what it knows for the next one.
    pub(super) fn forget(&mut self) {
        let used = self.traced.cells.len().min(self.graph.len());
        // Backwards: probabilities hold the logits before them.
        for slot in self.traced.cells[..used].iter_mut().rev() {
            slot.release();
        }
        if self.has_cursor {
            self.graph.rewind();
        } else {
            self.graph.clear();
        }
        if self.graph.trace() != self.trace {
            self.trace = self.graph.trace();
            self.traced = Traced::default();
            self.others.clear();
        }
        self.sources.clear();
        self.values.clear();
        self.valued.clear();
        self.lines.clear();
        self.count_anew();
        self.epoch = next_epoch();
    }

    /// The recorder's thread or trace has ended: nothing will be recorded any more, but tensors may still be read.
    pub(crate) fn retire(&mut self) {
        self.traced.cells.iter_mut().for_each(Slot::retire);
        self.others.clear();
        self.has_cursor = false;
    }

    /// What it holds, for tests that nothing grows.
    pub(crate) fn sizes(&self) -> Sizes {
        let all = || std::iter::once(&self.traced).chain(self.others.iter().map(|(_, traced)| traced));
        Sizes {
            nodes: self.graph.len(),
            remembered_nodes: self.graph.remembered_nodes(),
            cells: all().map(|traced| traced.cells.len()).sum(),
            arguments: self.sources.len(),
            assignments: self.assignments.len(),
            plans: self.planner.plan_count(),
        }
    }
}

/// What a thread's recorder holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Nodes recorded and not forgotten.
    pub nodes: usize,
    /// Nodes of all traces that it expects again, those included.
    pub remembered_nodes: usize,
    /// Cells for the handles of nodes.
    pub cells: usize,
    /// Arguments of the recording.
    pub arguments: usize,
    /// Assignments not yet committed.
    pub assignments: usize,
    /// Plans kept.
    pub plans: usize,
}
