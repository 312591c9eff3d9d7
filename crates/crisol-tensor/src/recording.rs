//! A recording: the graph of what was recorded, what it takes in, and its flush, which computes what live handles need.

use crate::recorder::Recorder;
use crate::tensor::{Cell, Home, State, Tensor};
use crate::variable::Assignment;
use crisol_ir::value::Constant;
use crisol_ir::{Error, ErrorKind, Graph, Kind, NodeId, Operation, Result, TensorType};
use crisol_plan::{Argument, Planner, Stats, buffer::Buffer};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

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
/// A flush extracts what live handles need, hands it to the planner, and gives every live handle its value. While a gradient
/// tape lives the nodes stay, so that gradients can be appended to the same graph; without one a flush forgets them.
pub(crate) struct Recording {
    pub(crate) graph: Graph,
    /// Distinguishes this recording from all others: node numbers of another one mean nothing here.
    pub(crate) epoch: u64,
    /// One for each argument of the graph.
    sources: Vec<Source>,
    /// The handle of each node, if it ever had one; may be shorter than the graph.
    cells: Vec<Weak<Cell>>,
    /// The values of nodes evaluated while a tape lives; may be shorter than the graph.
    values: Vec<Option<Arc<Buffer>>>,
    assignments: Vec<Assignment>,
    /// Nodes up to here were part of an earlier flush.
    flushed: usize,
    tapes: usize,
    is_trace: bool,
    planner: Planner,
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
            sources: Vec::new(),
            cells: Vec::new(),
            values: Vec::new(),
            assignments: Vec::new(),
            flushed: 0,
            tapes: 0,
            is_trace,
            planner: Planner::new(),
        }
    }

    pub(crate) fn is_trace(&self) -> bool {
        self.is_trace
    }

    pub(crate) fn stats(&self) -> Stats {
        self.planner.stats()
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
        if self.tapes == 0 && self.pending() == 0 {
            self.forget();
        }
    }

    /// The node of a tensor in this recording, as an argument if it was made elsewhere.
    pub(crate) fn node_of(&mut self, recorder: &Arc<Recorder>, tensor: &Tensor) -> Result<NodeId> {
        let mut state = tensor.cell().lock();
        let buffer = match &*state {
            State::Failed(error) => return Err(error.clone()),
            State::Pending(home) | State::Ready(_, Some(home)) if home.epoch == self.epoch => {
                return Ok(home.node);
            }
            State::Pending(_) => {
                return Err(Error::new(
                    ErrorKind::State,
                    "a tensor of another trace or thread was used before it had a value",
                ));
            }
            State::Ready(buffer, _) => Arc::clone(buffer),
        };
        let ty = tensor.cell().ty.ok_or_else(|| Error::new(ErrorKind::Internal, "a value without a type"))?;
        let node = self.argument(ty, Source::Buffer(Arc::clone(&buffer)));
        let home = Home { recorder: Arc::clone(recorder), epoch: self.epoch, node };
        *state = State::Ready(buffer, Some(home));
        Ok(node)
    }

    pub(crate) fn argument(&mut self, ty: TensorType, source: Source) -> NodeId {
        self.sources.push(source);
        self.graph.input(ty)
    }

    /// A handle for a node.
    pub(crate) fn handle(&mut self, recorder: &Arc<Recorder>, node: NodeId) -> Tensor {
        if let Some(known) = self.cells.get(node.index()).and_then(Weak::upgrade) {
            return Tensor::from_cell(known);
        }
        let home = Home { recorder: Arc::clone(recorder), epoch: self.epoch, node };
        let value = self.values.get(node.index()).cloned().flatten();
        let value = value.or_else(|| self.argument_value(node));
        let state = match value {
            Some(buffer) => State::Ready(buffer, Some(home)),
            None => State::Pending(home),
        };
        let tensor = Tensor::new(self.graph.ty(node), state);
        if self.cells.len() <= node.index() {
            self.cells.resize_with(node.index() + 1, Weak::new);
        }
        self.cells[node.index()] = Arc::downgrade(tensor.cell());
        tensor
    }

    fn argument_value(&self, node: NodeId) -> Option<Arc<Buffer>> {
        match &self.graph.node(node).operation {
            Operation::Input(number) => match &self.sources[*number as usize] {
                Source::Buffer(buffer) => Some(Arc::clone(buffer)),
                Source::Scalar(_) | Source::Abstract => None,
            },
            _ => None,
        }
    }

    /// Notes that a variable has a new, pending value.
    pub(crate) fn assigned(&mut self, assignment: Assignment) {
        self.assignments.push(assignment);
    }

    /// Runs what live handles need and gives them their values.
    pub(crate) fn flush(&mut self) -> Result<()> {
        if self.is_trace {
            return Err(Error::new(
                ErrorKind::State,
                "the value of a tensor was asked for while a model is being traced, when only shapes are known",
            )
            .help("compute with tensors instead of reading numbers inside a layer's call"));
        }
        if self.sources.len() != self.graph.input_count() {
            // A panic has left the last flush half done; what it was to compute is lost.
            let error = Error::new(
                ErrorKind::State,
                "an earlier evaluation on this thread panicked before this value was computed",
            );
            self.fail_pending(&error);
            self.forget();
        }
        let result = self.run();
        match &result {
            Ok(()) => self.assignments.clear(),
            Err(error) => {
                for assignment in self.assignments.drain(..).rev() {
                    assignment.roll_back();
                }
                self.fail_pending(error);
            }
        }
        self.flushed = self.graph.len();
        if self.tapes == 0 {
            self.forget();
        }
        result
    }

    fn run(&mut self) -> Result<()> {
        let mut wanted = self.wanted();
        if wanted.is_empty() {
            return Ok(());
        }
        let needed = self.needed(&wanted);
        if self.tapes > 0 {
            // Their outputs are dear to compute again and the backward pass reads them.
            wanted.extend(
                self.graph
                    .ids()
                    .filter(|&id| needed[id.index()] && self.value(id).is_none() && is_library(&self.graph, id)),
            );
            wanted.sort_unstable();
            wanted.dedup();
        }
        let Extraction { graph, outputs, arguments } = self.extract(&wanted, &needed)?;
        // Whatever is wrong with the program comes out here, while the old values of variables are still held.
        let prepared = self.planner.prepare(&graph, &outputs)?;
        if self.tapes == 0 {
            // Buffers held nowhere else may now be overwritten by what takes their place.
            self.sources.clear();
            self.assignments.iter_mut().for_each(Assignment::release);
        }
        let buffers = self.planner.run_prepared(prepared, arguments)?;
        for (node, buffer) in wanted.into_iter().zip(buffers) {
            self.settle(node, buffer);
        }
        Ok(())
    }

    /// The nodes whose handles live and have no value yet, in order.
    fn wanted(&self) -> Vec<NodeId> {
        let pending = |cell: &Weak<Cell>| cell.upgrade().is_some_and(|cell| matches!(&*cell.lock(), State::Pending(_)));
        let alive = self.cells.iter().enumerate().filter(|(_, cell)| pending(cell));
        alive.map(|(index, _)| NodeId(index as u32)).collect()
    }

    /// For each node whether the wanted ones need it.
    fn needed(&self, wanted: &[NodeId]) -> Vec<bool> {
        let mut needed = vec![false; self.graph.len()];
        for &node in wanted {
            needed[node.index()] = true;
        }
        for id in self.graph.ids().rev() {
            if needed[id.index()] && self.value(id).is_none() {
                for input in &self.graph.node(id).inputs {
                    needed[input.index()] = true;
                }
            }
        }
        needed
    }

    /// Copies the needed nodes into a graph of their own; evaluated ones become its arguments.
    fn extract(&self, wanted: &[NodeId], needed: &[bool]) -> Result<Extraction> {
        let mut graph = Graph::new();
        let mut arguments = Vec::new();
        let mut places = vec![NodeId(u32::MAX); self.graph.len()];
        for id in self.graph.ids().filter(|id| needed[id.index()]) {
            let node = self.graph.node(id);
            let source = match (&node.operation, self.value(id)) {
                (_, Some(buffer)) => Some(Argument::Buffer(Arc::clone(buffer))),
                (Operation::Input(number), None) => Some(self.sources[*number as usize].argument()?),
                (_, None) => None,
            };
            places[id.index()] = match source {
                Some(argument) => {
                    arguments.push(argument);
                    graph.input(node.ty)
                }
                None => graph.copy(node, |input| places[input.index()]),
            };
        }
        let outputs = wanted.iter().map(|node| places[node.index()]).collect();
        Ok(Extraction { graph, outputs, arguments })
    }

    fn value(&self, id: NodeId) -> Option<&Arc<Buffer>> {
        self.values.get(id.index()).and_then(Option::as_ref)
    }

    /// Gives a node's handle its value, and keeps it for the backward pass while a tape lives.
    fn settle(&mut self, node: NodeId, buffer: Arc<Buffer>) {
        if let Some(cell) = self.cells.get(node.index()).and_then(Weak::upgrade) {
            let mut state = cell.lock();
            if let State::Pending(home) = &*state {
                let home = (self.tapes > 0).then(|| home.clone());
                *state = State::Ready(Arc::clone(&buffer), home);
            }
        }
        if self.tapes > 0 {
            if self.values.len() <= node.index() {
                self.values.resize(node.index() + 1, None);
            }
            self.values[node.index()] = Some(buffer);
        }
    }

    fn fail_pending(&self, error: &Error) {
        for cell in self.cells.iter().filter_map(Weak::upgrade) {
            let mut state = cell.lock();
            if matches!(&*state, State::Pending(_)) {
                *state = State::Failed(error.clone());
            }
        }
    }

    /// Empties the recording and keeps its memory.
    fn forget(&mut self) {
        self.graph.clear();
        self.sources.clear();
        self.cells.clear();
        self.values.clear();
        self.flushed = 0;
        self.epoch = next_epoch();
    }
}

/// What a flush hands to the planner.
struct Extraction {
    graph: Graph,
    outputs: Vec<NodeId>,
    arguments: Vec<Argument>,
}

impl Source {
    fn argument(&self) -> Result<Argument> {
        match self {
            Source::Buffer(buffer) => Ok(Argument::Buffer(Arc::clone(buffer))),
            Source::Scalar(constant) => Ok(Argument::Scalar(*constant)),
            Source::Abstract => Err(Error::new(ErrorKind::Internal, "an abstract argument outside a trace")),
        }
    }
}

fn is_library(graph: &Graph, id: NodeId) -> bool {
    match &graph.node(id).operation {
        Operation::Primitive(primitive, _) => matches!(primitive.kind(), Kind::Library(_)),
        _ => false,
    }
}
