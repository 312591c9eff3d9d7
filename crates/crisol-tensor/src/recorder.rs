//! The recorder: one a thread, it collects operations until a value is needed, then runs them all as one plan.
//!
//! A tensor made by an operation is a node of the recording and costs no work. A flush extracts what live handles need,
//! hands it to the planner, and gives every live handle its value. While a gradient tape lives the nodes stay, so that
//! gradients can be appended to the same graph; without one a flush forgets them.

use crate::tensor::{Cell, Home, State, Tensor};
use crate::variable::Assignment;
use crisol_ir::value::Constant;
use crisol_ir::{Error, ErrorKind, Graph, Kind, NodeId, Operation, Result, TensorType};
use crisol_plan::{Argument, Planner, Stats, buffer::Buffer};
use smallvec::SmallVec;
use std::cell::RefCell;
use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// Pending nodes beyond which recording evaluates by itself, so that an endless loop without a read stays small.
const MOST_PENDING: usize = 100_000;

thread_local! {
    /// The recorder in use is the last; a trace pushes its own for a while.
    static STACK: RefCell<Vec<Arc<Recorder>>> = const { RefCell::new(Vec::new()) };
}

/// Collects the operations of a thread or of a trace.
pub(crate) struct Recorder {
    recording: Mutex<Recording>,
}

/// Where the value of an argument comes from.
#[derive(Clone)]
enum Source {
    Buffer(Arc<Buffer>),
    Scalar(Constant),
    /// Known by type alone, inside a trace.
    Abstract,
}

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

impl Recorder {
    pub(crate) fn new(is_trace: bool) -> Arc<Recorder> {
        Arc::new(Recorder {
            recording: Mutex::new(Recording {
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
            }),
        })
    }

    /// The recorder of this thread, or of the trace it is in.
    pub(crate) fn current() -> Arc<Recorder> {
        STACK.with_borrow_mut(|stack| match stack.last() {
            Some(recorder) => Arc::clone(recorder),
            None => {
                let recorder = Recorder::new(false);
                stack.push(Arc::clone(&recorder));
                recorder
            }
        })
    }

    pub(crate) fn push(recorder: Arc<Recorder>) {
        // The thread's own recorder stays at the bottom.
        Recorder::current();
        STACK.with_borrow_mut(|stack| stack.push(recorder));
    }

    pub(crate) fn pop() {
        STACK.with_borrow_mut(|stack| stack.pop());
    }

    /// Locks the recording. A panic of another thread inside it left it whole: every change below is made at its end.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Recording> {
        self.recording.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Appends what `build` adds to this thread's recording and returns a handle for each node it names.
///
/// # Errors
/// The first wrong input's error, or what `build` returns. Nothing is recorded then.
pub fn record_many(
    inputs: &[&Tensor],
    build: impl FnOnce(&mut Graph, &[NodeId]) -> Result<Vec<Option<NodeId>>>,
) -> Result<Vec<Option<Tensor>>> {
    let recorder = Recorder::current();
    settle_foreign(&recorder, inputs)?;
    let mut recording = recorder.lock();
    let mut nodes = SmallVec::<[NodeId; 4]>::new();
    for input in inputs {
        nodes.push(recording.node_of(&recorder, input)?);
    }
    let built = build(&mut recording.graph, &nodes)?;
    Ok(built
        .into_iter()
        .map(|node| node.map(|node| recording.handle(&recorder, node)))
        .collect())
}

/// Appends what `build` adds to this thread's recording and returns a handle for the node it names.
///
/// A wrong input or an error of `build` makes a tensor that carries the error and the caller's line.
#[track_caller]
pub fn record(
    inputs: &[&Tensor],
    build: impl FnOnce(&mut Graph, &[NodeId]) -> Result<NodeId>,
) -> Tensor {
    let location = Location::caller();
    let result = record_many(inputs, |graph, nodes| Ok(vec![Some(build(graph, nodes)?)]));
    match result.map(|mut handles| handles.pop().flatten()) {
        Ok(Some(tensor)) => {
            bound(&tensor);
            tensor
        }
        Ok(None) => Tensor::failed(Error::new(ErrorKind::Internal, "an operation made no node")),
        Err(error) => fail(error, location),
    }
}

/// A scalar whose value is handed to the plan at run time, so that changing it makes no plan.
pub(crate) fn record_scalar(constant: Constant) -> Tensor {
    let recorder = Recorder::current();
    let mut recording = recorder.lock();
    let node = match constant.number() {
        // These let the planner simplify, and never change from step to step by accident.
        0.0 | 1.0 | -1.0 if constant.bits != (-0.0f32).to_bits() as u64 && constant.bits != (-0.0f64).to_bits() => {
            recording.graph.constant(constant)
        }
        _ => {
            let ty = TensorType::new(constant.dtype, crisol_ir::Shape::SCALAR);
            recording.argument(ty, Source::Scalar(constant))
        }
    };
    recording.handle(&recorder, node)
}

/// An argument of the trace in progress, known by its type alone.
pub(crate) fn record_abstract(recorder: &Arc<Recorder>, ty: TensorType) -> Tensor {
    let mut recording = recorder.lock();
    let node = recording.argument(ty, Source::Abstract);
    recording.handle(recorder, node)
}

/// Makes a tensor that carries an error; with `CRISOL_PANIC=1` stops right here instead.
#[track_caller]
pub(crate) fn fail(error: Error, location: &'static Location<'static>) -> Tensor {
    let error = error.at(location);
    if std::env::var_os("CRISOL_PANIC").is_some_and(|value| value == "1") {
        panic!("{error}");
    }
    Tensor::failed(error)
}

/// Evaluates all that is pending on this thread: every value with a live handle and every assignment.
///
/// # Errors
/// What went wrong while planning or running; no assignment is committed then.
pub fn evaluate() -> Result<()> {
    let recorder = Recorder::current();
    let result = recorder.lock().flush();
    result
}

/// Whether a trace is in progress on this thread: operations are recorded for their types, and values cannot be read.
pub fn is_tracing() -> bool {
    STACK.with_borrow(|stack| stack.last().is_some_and(|recorder| recorder.lock().is_trace))
}

/// What this thread's planner did so far: plans made, plans reused, kernels compiled.
pub fn stats() -> Stats {
    let recorder = Recorder::current();
    let stats = recorder.lock().planner.stats();
    stats
}

/// Keeps the nodes of this thread's recording while it lives: what a gradient tape is made of.
#[derive(Debug)]
pub struct KeepNodes {
    recorder: Arc<Recorder>,
    epoch: u64,
    start: u32,
}

impl KeepNodes {
    /// Starts keeping nodes from here on.
    #[allow(clippy::new_without_default)] // a guard, not a value
    pub fn new() -> KeepNodes {
        let recorder = Recorder::current();
        let mut recording = recorder.lock();
        recording.tapes += 1;
        let (epoch, start) = (recording.epoch, recording.graph.len() as u32);
        drop(recording);
        KeepNodes { recorder, epoch, start }
    }

    /// The first node recorded since, or an error if this thread records elsewhere now (inside a trace, on another thread).
    ///
    /// # Errors
    /// The guard belongs to another recording.
    pub fn start(&self) -> Result<NodeId> {
        let current = Recorder::current();
        if !Arc::ptr_eq(&current, &self.recorder) || current.lock().epoch != self.epoch {
            return Err(Error::new(
                ErrorKind::State,
                "the tape belongs to another thread or to a model that is being traced",
            )
            .help("make the tape, compute the loss and ask for gradients on one thread"));
        }
        Ok(NodeId(self.start))
    }
}

impl Drop for KeepNodes {
    fn drop(&mut self) {
        let mut recording = self.recorder.lock();
        recording.tapes -= 1;
        if recording.tapes == 0 && recording.flushed == recording.graph.len() {
            recording.forget();
        }
    }
}

impl std::fmt::Debug for Recorder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Recorder")
    }
}

/// Gives tensors that are pending elsewhere their value, before this thread's recording is locked.
fn settle_foreign(recorder: &Arc<Recorder>, inputs: &[&Tensor]) -> Result<()> {
    for input in inputs {
        if let Some(home) = input.pending_home()
            && !Arc::ptr_eq(&home, recorder)
        {
            home.lock().flush()?;
        }
    }
    Ok(())
}

/// Keeps a recording that nobody reads from growing without end.
fn bound(tensor: &Tensor) {
    let Some(home) = tensor.pending_home() else { return };
    let mut recording = home.lock();
    if recording.graph.len() - recording.flushed > MOST_PENDING && !recording.is_trace {
        // An error stays with the tensors it concerns and surfaces where they are read.
        let _ = recording.flush();
    }
}

impl Recording {
    /// The node of a tensor in this recording, as an argument if it was made elsewhere.
    fn node_of(&mut self, recorder: &Arc<Recorder>, tensor: &Tensor) -> Result<NodeId> {
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

    fn argument(&mut self, ty: TensorType, source: Source) -> NodeId {
        self.sources.push(source);
        self.graph.input(ty)
    }

    /// A handle for a node.
    fn handle(&mut self, recorder: &Arc<Recorder>, node: NodeId) -> Tensor {
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
            wanted.extend(self.graph.ids().filter(|&id| {
                needed[id.index()] && self.value(id).is_none() && is_library(&self.graph, id)
            }));
            wanted.sort_unstable();
            wanted.dedup();
        }
        let Extraction { graph, outputs, arguments } = self.extract(&wanted, &needed)?;
        if self.tapes == 0 {
            // Buffers held nowhere else may now be overwritten by what takes their place.
            self.sources.clear();
            self.assignments.iter_mut().for_each(Assignment::release);
        }
        let buffers = self.planner.run(&graph, &outputs, arguments)?;
        for (node, buffer) in wanted.into_iter().zip(buffers) {
            self.settle(node, buffer);
        }
        Ok(())
    }

    /// The nodes whose handles live and have no value yet, in order.
    fn wanted(&self) -> Vec<NodeId> {
        let pending = |cell: &Weak<Cell>| {
            cell.upgrade().is_some_and(|cell| matches!(&*cell.lock(), State::Pending(_)))
        };
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
            Source::Abstract => {
                Err(Error::new(ErrorKind::Internal, "an abstract argument outside a trace"))
            }
        }
    }
}

fn is_library(graph: &Graph, id: NodeId) -> bool {
    match &graph.node(id).operation {
        Operation::Primitive(primitive, _) => matches!(primitive.kind(), Kind::Library(_)),
        _ => false,
    }
}
