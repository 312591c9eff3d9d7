//! The recorder: one a thread, it collects operations until a value is needed, then runs them all as one plan.
//!
//! A tensor made by an operation is a node of the recording and costs no work. Every operation goes through [`record`] or
//! [`record_many`]; traces push a recorder of their own for a while.

use crate::recording::{Nodes, Recording, Sizes, Source};
use crate::tensor::Tensor;
use crisol_ir::value::Constant;
use crisol_ir::{Error, ErrorKind, Graph, NodeId, Result, TensorType};
use crisol_plan::{Mode, Stats};
use std::cell::{Cell, RefCell};
use std::panic::Location;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

thread_local! {
    static OWN: Own = Own(Recorder::new(false));
    /// The recorders of traces in progress: the last one is in use.
    static TRACES: RefCell<Vec<Arc<Recorder>>> = const { RefCell::new(Vec::new()) };
    static TRACE_COUNT: Cell<usize> = const { Cell::new(0) };
    /// The recorder whose graph is being appended to by code from outside.
    static IN_USE: Cell<*const Recorder> = const { Cell::new(std::ptr::null()) };
}

/// The recorder of a thread.
struct Own(Arc<Recorder>);

impl Drop for Own {
    fn drop(&mut self) {
        self.0.lock().retire();
    }
}

/// Collects the operations of a thread or of a trace.
pub(crate) struct Recorder {
    recording: Mutex<Recording>,
}

impl Recorder {
    pub(crate) fn new(is_trace: bool) -> Arc<Recorder> {
        Arc::new(Recorder { recording: Mutex::new(Recording::new(is_trace)) })
    }

    /// Calls `work` with the recorder of this thread, or of the trace it is in.
    #[inline]
    pub(crate) fn with_current<R>(work: impl FnOnce(&Arc<Recorder>) -> R) -> R {
        if is_tracing() {
            // Not borrowed while `work` runs: it may start a trace of its own.
            let last = TRACES.with_borrow(|traces| traces.last().cloned());
            if let Some(recorder) = last {
                return work(&recorder);
            }
        }
        OWN.with(|own| work(&own.0))
    }

    pub(crate) fn push(recorder: Arc<Recorder>) {
        TRACES.with_borrow_mut(|traces| traces.push(recorder));
        TRACE_COUNT.set(TRACE_COUNT.get() + 1);
    }

    pub(crate) fn pop() {
        TRACE_COUNT.set(TRACE_COUNT.get() - 1);
        if let Some(recorder) = TRACES.with_borrow_mut(Vec::pop) {
            recorder.lock().retire();
        }
    }

    /// Locks the recording. A panic of another thread inside it left it whole: a flush that panics takes itself back, and nodes
    /// without handles do no harm.
    #[inline]
    pub(crate) fn lock(&self) -> MutexGuard<'_, Recording> {
        self.recording.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Locks the recording, unless code that is appending to its graph calls back.
    #[inline]
    pub(crate) fn enter(&self) -> Result<MutexGuard<'_, Recording>> {
        if std::ptr::eq(IN_USE.get(), self) {
            let text = "tensors were used by code that is just appending to this thread's graph or evaluating it";
            return Err(Error::new(ErrorKind::State, text)
                .help("inside of `record`, append to the graph that is passed instead of calling methods of tensors"));
        }
        Ok(self.lock())
    }

    /// Evaluates all that is pending here, or starts to.
    pub(crate) fn flush(&self, waits: bool) -> Result<()> {
        let mut recording = self.enter()?;
        // Definitions may be code from outside, too.
        let _in_use = InUse::new(self);
        recording.flush(waits)
    }
}

/// While it lives, code from outside appends to a recorder's graph.
struct InUse(*const Recorder);

impl InUse {
    fn new(recorder: &Recorder) -> InUse {
        InUse(IN_USE.replace(recorder))
    }
}

impl Drop for InUse {
    fn drop(&mut self) {
        IN_USE.set(self.0);
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
    Recorder::with_current(|recorder| {
        settle_foreign(recorder, inputs)?;
        let mut recording = recorder.enter()?;
        let mut nodes = Nodes::new();
        let built = recording.append(|recording| {
            recording.nodes_of(inputs, &mut nodes)?;
            let _in_use = InUse::new(recorder);
            build(&mut recording.graph, &nodes)
        })?;
        let mut handle = |node: NodeId| match nodes.iter().position(|&input| input == node) {
            Some(place) => inputs[place].clone(),
            None => recording.handle(recorder, node),
        };
        Ok(built.into_iter().map(|node| node.map(&mut handle)).collect())
    })
}

/// Appends nodes that follow from the graph so far and from `key` alone, as gradients do: when the same is asked of the same graph
/// again, `build` need not be called.
///
/// `build` returns nodes, and whether all it did was a function of these alone.
///
/// # Errors
/// What `build` returns.
pub fn stretch(
    key: &[u32],
    build: impl FnOnce(&mut Graph) -> Result<(Vec<Option<NodeId>>, bool)>,
) -> Result<Vec<Option<NodeId>>> {
    Recorder::with_current(|recorder| {
        recorder.enter()?.stretch(key, |graph| {
            let _in_use = InUse::new(recorder);
            build(graph)
        })
    })
}

/// The tensors that `build` makes, a function of `inputs` and `key` alone: when the same is asked of the same recording again, its
/// results are there and `build` is not called.
///
/// `build` takes nothing else from outside: numbers that change from step to step stand among the inputs. Rust numbers that it puts
/// beside tensors are those of its first call. A `build` that makes tensors of arrays is called every time.
///
/// # Errors
/// What `build` returns.
///
/// ```
/// use crisol_tensor::{Tensor, evaluate, repeated};
/// let mut calls = 0;
/// for rate in [0.5, 0.25, 0.125] {
///     let (x, rate) = (Tensor::ones([2]), Tensor::scalar(crisol_tensor::DType::F32, rate));
///     let y = repeated(7, &[&x, &rate], || {
///         calls += 1;
///         Ok(vec![&x - &x * &rate])
///     })?;
///     evaluate()?;
///     assert_eq!(y[0].to_vec::<f32>()?[0], 1.0 - rate.item()? as f32);
/// }
/// assert_eq!(calls, 1);
/// # Ok::<(), crisol_tensor::Error>(())
/// ```
#[track_caller]
pub fn repeated(key: u64, inputs: &[&Tensor], build: impl FnOnce() -> Result<Vec<Tensor>>) -> Result<Vec<Tensor>> {
    let location = Location::caller();
    Recorder::with_current(|recorder| {
        settle_foreign(recorder, inputs)?;
        let mut recording = recorder.enter()?;
        let mut nodes = Nodes::new();
        if recording.append(|recording| recording.nodes_of(inputs, &mut nodes)).is_err() {
            // What is wrong with an input comes out where `build` uses it.
            drop(recording);
            return build();
        }
        // The first number is none that gradients begin theirs with: a node, or the largest.
        let mut full_key = Vec::with_capacity(3 + nodes.len());
        full_key.extend([u32::MAX - 1, key as u32, (key >> 32) as u32]);
        full_key.extend(nodes.iter().map(|node| node.0));
        let mark = recording.mark();
        if let Some(results) = recording.repeat(mark, &full_key) {
            recording.note_line(location);
            return Ok(results.into_iter().map(|node| recording.handle(recorder, node)).collect());
        }
        drop(recording);
        let results = build()?;
        recorder.enter()?.remember(mark, full_key, &results);
        Ok(results)
    })
}

/// Appends what `build` adds to this thread's recording and returns a handle for the node it names.
///
/// A wrong input or an error of `build` makes a tensor that carries the error and the caller's line.
#[track_caller]
#[inline]
pub fn record(inputs: &[&Tensor], build: impl FnOnce(&mut Graph, &[NodeId]) -> Result<NodeId>) -> Tensor {
    let mut build = Some(build);
    let mut once = |graph: &mut Graph, nodes: &[NodeId]| match build.take() {
        Some(build) => build(graph, nodes),
        None => Err(Error::new(ErrorKind::Internal, "an operation was recorded twice")),
    };
    record_one(inputs, &mut once, Location::caller())
}

/// [`record`] for any operation: hundreds of places call that, each with a closure of its own, and would each have all of this compiled.
fn record_one(
    inputs: &[&Tensor],
    build: &mut dyn FnMut(&mut Graph, &[NodeId]) -> Result<NodeId>,
    location: &'static Location<'static>,
) -> Tensor {
    let made = Recorder::with_current(|recorder| {
        settle_foreign(recorder, inputs)?;
        let mut recording = recorder.enter()?;
        let mut nodes = Nodes::new();
        let node = recording.append(|recording| {
            recording.nodes_of(inputs, &mut nodes)?;
            let _in_use = InUse::new(recorder);
            build(&mut recording.graph, &nodes)
        })?;
        if let Some(place) = nodes.iter().position(|&input| input == node) {
            // Nothing was done. A handle of its own would be another tensor once the recording is forgotten.
            return Ok(inputs[place].clone());
        }
        recording.note_line(location);
        let tensor = recording.handle(recorder, node);
        let is_full = recording.is_full();
        drop(recording);
        if is_full {
            // An error stays with the tensors it concerns and surfaces where they are read.
            let _ = recorder.flush(false);
        }
        Ok(tensor)
    });
    made.unwrap_or_else(|error| fail(error, location))
}

/// A scalar that is part of the plan if it is 0, 1 or -1, and handed to it at run time if not, so that changing it makes no plan.
pub(crate) fn record_scalar(constant: Constant) -> Tensor {
    // These let the planner simplify, and never change from step to step by accident.
    let is_part = matches!(constant.number(), 0.0 | 1.0 | -1.0) && !is_negative_zero(constant);
    record_constant(constant, is_part)
}

/// A scalar whose value is handed to the plan at run time, whatever it is.
pub(crate) fn record_number(constant: Constant) -> Tensor {
    record_constant(constant, false)
}

fn record_constant(constant: Constant, is_part: bool) -> Tensor {
    let made = Recorder::with_current(|recorder| {
        let mut recording = recorder.enter()?;
        let node = recording.append(|recording| match is_part {
            true => recording.graph.constant(constant),
            false => {
                let ty = TensorType::new(constant.dtype, crisol_ir::Shape::SCALAR);
                recording.argument(ty, Source::Scalar(constant))
            }
        });
        Ok(recording.handle(recorder, node))
    });
    made.into()
}

fn is_negative_zero(constant: Constant) -> bool {
    constant.dtype.is_float() && constant.number() == 0.0 && constant.bits != 0
}

/// An argument of the trace in progress, known by its type alone.
pub(crate) fn record_abstract(recorder: &Arc<Recorder>, ty: TensorType) -> Tensor {
    let made = recorder.enter().map(|mut recording| {
        let node = recording.append(|recording| recording.argument(ty, Source::Abstract));
        recording.handle(recorder, node)
    });
    made.into()
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
/// It returns as soon as nothing can fail any more: other threads may still be computing while this one records what comes next, and
/// whoever reads a value waits for it. `CRISOL_ASYNC=0` makes it wait.
///
/// # Errors
/// What went wrong while planning or running; no assignment is committed then.
pub fn evaluate() -> Result<()> {
    Recorder::with_current(|recorder| recorder.flush(false))
}

/// Computes several tensors at once, in one plan.
///
/// # Errors
/// The first error among them.
pub fn evaluate_all<'a>(tensors: impl IntoIterator<Item = &'a Tensor>) -> Result<()> {
    evaluate()?;
    tensors.into_iter().try_for_each(Tensor::evaluate)
}

/// Whether a trace is in progress on this thread: operations are recorded for their types, and values cannot be read.
#[inline]
pub fn is_tracing() -> bool {
    TRACE_COUNT.get() > 0
}

/// What this thread's planner did so far: plans made, plans reused, kernels compiled.
pub fn stats() -> Stats {
    Recorder::with_current(|recorder| recorder.lock().stats())
}

/// What this thread's recorder holds: nothing of it grows from step to step.
pub fn sizes() -> Sizes {
    Recorder::with_current(|recorder| recorder.lock().sizes())
}

/// Whether this thread expects what it recorded before; on by default, and off with `CRISOL_CURSOR=0`. Values are the same bits
/// either way, recording is slower without.
pub fn set_cursor(on: bool) {
    Recorder::with_current(|recorder| recorder.lock().has_cursor = on);
}

/// Whether this thread's kernels are compiled; on where the feature `jit` is, unless `CRISOL_JIT=0`. Values are the same bits either
/// way, running is slower without.
pub fn set_jit(on: bool) {
    let mode = if on { Mode::Compiled } else { Mode::Interpreted };
    Recorder::with_current(|recorder| recorder.lock().set_mode(mode));
}

impl std::fmt::Debug for Recorder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Recorder")
    }
}

/// Gives tensors that are pending elsewhere their value, before this thread's recording is locked.
#[inline]
fn settle_foreign(recorder: &Arc<Recorder>, inputs: &[&Tensor]) -> Result<()> {
    for input in inputs {
        if let Some(home) = input.cell().pending_home()
            && !Arc::ptr_eq(home, recorder)
        {
            home.flush(true)?;
        }
    }
    Ok(())
}
