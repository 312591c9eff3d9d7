//! The recorder: one a thread, it collects operations until a value is needed, then runs them all as one plan.
//!
//! A tensor made by an operation is a node of the recording and costs no work. Every operation goes through [`record`] or
//! [`record_many`]; traces push a recorder of their own for a while.

use crate::recording::{Recording, Source};
use crate::tensor::Tensor;
use crisol_ir::value::Constant;
use crisol_ir::{Error, ErrorKind, Graph, NodeId, Result, TensorType};
use crisol_plan::Stats;
use smallvec::SmallVec;
use std::cell::RefCell;
use std::panic::Location;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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

impl Recorder {
    pub(crate) fn new(is_trace: bool) -> Arc<Recorder> {
        Arc::new(Recorder { recording: Mutex::new(Recording::new(is_trace)) })
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
    Ok(built.into_iter().map(|node| node.map(|node| recording.handle(&recorder, node))).collect())
}

/// Appends what `build` adds to this thread's recording and returns a handle for the node it names.
///
/// A wrong input or an error of `build` makes a tensor that carries the error and the caller's line.
#[track_caller]
pub fn record(inputs: &[&Tensor], build: impl FnOnce(&mut Graph, &[NodeId]) -> Result<NodeId>) -> Tensor {
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
    recorder.lock().flush()
}

/// Whether a trace is in progress on this thread: operations are recorded for their types, and values cannot be read.
pub fn is_tracing() -> bool {
    STACK.with_borrow(|stack| stack.last().is_some_and(|recorder| recorder.lock().is_trace()))
}

/// What this thread's planner did so far: plans made, plans reused, kernels compiled.
pub fn stats() -> Stats {
    let recorder = Recorder::current();
    recorder.lock().stats()
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
    if recording.pending() > MOST_PENDING && !recording.is_trace() {
        // An error stays with the tensors it concerns and surfaces where they are read.
        let _ = recording.flush();
    }
}
