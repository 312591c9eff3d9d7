//! The gradient tape: what is computed while it lives can be differentiated.

use crate::backward::Question;
use crate::differentiate::{differentiate, nodes_of};
use crate::gradients::{GradientOptions, Gradients, UnconnectedGradients};
use crate::note::Taping;
use crisol_ir::{Error, ErrorKind, NodeId, Result};
use crisol_tensor::{KeepNodes, Source, Tensor, position, record_many};
use std::cell::RefCell;
use std::ops::Range;
use std::panic::Location;

/// Remembers what is computed while it lives, so that gradients of it can be asked for.
///
/// Every float tensor is watched: a gradient can be taken with respect to variables, and to any tensor that entered the
/// computation, without a call of [`GradientTape::watch`]; [`watch_accessed_variables(false)`](Self::watch_accessed_variables)
/// restricts it to what is watched by name. Values may be printed before; a tape changes no numbers. Gradients are recorded like
/// any other computation: they fuse, and another tape around them differentiates them again, to any order.
///
/// What was computed before the tape was made, or on another thread, is a constant to it: no gradient flows through, and a source
/// that the target depends on in no other way has none. A tape stays on its thread.
///
/// ```
/// use crisol_autograd::GradientTape;
/// use crisol_tensor::{Tensor, Variable};
/// let x = Variable::new(Tensor::from_slice(&[3.0f32], [1]))?;
/// let tape = GradientTape::new();
/// let y = x.value().square().sum_all();
/// for (_, gradient) in tape.gradient(&y, [&x])? {
///     assert_eq!(gradient.map(|gradient| gradient.item()).transpose()?, Some(6.0));
/// }
/// # Ok::<(), crisol_ir::Error>(())
/// ```
///
/// Second derivatives, with a tape inside another:
///
/// ```
/// # use crisol_autograd::GradientTape;
/// # use crisol_tensor::Tensor;
/// let x = Tensor::from_slice(&[2.0f32], [1]);
/// let outer = GradientTape::new();
/// let inner = GradientTape::new();
/// let y = x.powi(3);
/// let first = inner.gradient(&y, [&x])?.only()?;
/// let second = outer.gradient(&first, [&x])?.only()?;
/// assert_eq!((first.item()?, second.item()?), (12.0, 12.0));
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Debug)]
pub struct GradientTape {
    state: RefCell<Option<State>>,
    persistent: bool,
    /// Whether only what is watched by name has gradients.
    by_name: bool,
}

/// What a tape remembers until it has given its gradients.
#[derive(Debug)]
struct State {
    keep: KeepNodes,
    watched: Vec<NodeId>,
    /// What was recorded while recording was stopped.
    stopped: Vec<Range<NodeId>>,
    _taping: Taping,
}

impl State {
    fn new() -> State {
        State { keep: KeepNodes::new(), watched: Vec::new(), stopped: Vec::new(), _taping: Taping::new() }
    }
}

impl GradientTape {
    /// A tape that gives gradients once and then lets go of what it remembers.
    #[allow(clippy::new_without_default)] // a guard, not a value
    pub fn new() -> GradientTape {
        GradientTape { state: RefCell::new(Some(State::new())), persistent: false, by_name: false }
    }

    /// A tape that gives gradients as often as asked while it lives.
    pub fn persistent() -> GradientTape {
        GradientTape { persistent: true, ..GradientTape::new() }
    }

    /// With `false`, only what [`GradientTape::watch`] names, and what is computed from that, has gradients.
    ///
    /// ```
    /// # use crisol_autograd::GradientTape;
    /// # use crisol_tensor::Tensor;
    /// let (x, y) = (Tensor::ones([1]), Tensor::ones([1]));
    /// let tape = GradientTape::new().watch_accessed_variables(false);
    /// tape.watch(&x)?;
    /// let gradients = tape.gradient(&(&x * &y), [&x, &y])?;
    /// assert!(gradients.tensors()[0].is_some() && gradients.tensors()[1].is_none());
    /// # Ok::<(), crisol_ir::Error>(())
    /// ```
    #[must_use]
    pub fn watch_accessed_variables(mut self, watch: bool) -> GradientTape {
        self.by_name = !watch;
        self
    }

    /// Watches a tensor, or the value that a variable has now. Only a tape that
    /// [does not watch by itself](Self::watch_accessed_variables) needs it; another one checks that gradients exist.
    ///
    /// # Errors
    /// A source that carries an error or is not of a floating point type, or a tape that has given its gradients.
    #[track_caller]
    pub fn watch<S: Source + ?Sized>(&self, source: &S) -> Result<()> {
        let location = Location::caller();
        let watch = || {
            let tensor = source.tensor();
            let ty = tensor.ty()?;
            if !ty.dtype.is_float() {
                let text = format!("only floating point values have gradients, found {ty}");
                return Err(Error::new(ErrorKind::Gradient, text));
            }
            let mut state = self.state.borrow_mut();
            let state = state.as_mut().ok_or_else(used)?;
            state.keep.start()?;
            state.watched.extend(nodes_of(&[&tensor])?);
            Ok(())
        };
        watch().map_err(|error: Error| error.operation("watch").at(location))
    }

    /// Runs `work` without recording it here: to this tape, its results are constants. Other tapes see it.
    ///
    /// ```
    /// # use crisol_autograd::GradientTape;
    /// # use crisol_tensor::Tensor;
    /// let x = Tensor::from_slice(&[3.0f32], [1]);
    /// let tape = GradientTape::new();
    /// let norm = tape.stop_recording(|| x.square());
    /// let gradient = tape.gradient(&(&x * norm), [&x])?.only()?;
    /// assert_eq!(gradient.item()?, 9.0);
    /// # Ok::<(), crisol_ir::Error>(())
    /// ```
    pub fn stop_recording<R>(&self, work: impl FnOnce() -> R) -> R {
        let (_, start) = position();
        let result = work();
        let (_, end) = position();
        if let Some(state) = self.state.borrow_mut().as_mut() {
            state.stopped.push(start..end);
        }
        result
    }

    /// Forgets what was recorded and watched, and starts anew.
    pub fn reset(&self) {
        // The new guard first: nodes that another tape needs stay.
        let fresh = State::new();
        *self.state.borrow_mut() = Some(fresh);
    }

    /// The gradients of `target` (of the sum of its elements) with respect to each source.
    ///
    /// A source that `target` does not depend on has none. A variable stands for the value that it has now.
    ///
    /// # Errors
    /// `target` or a source carries an error; `target` is not of a floating point type; an operation on the way refuses to be
    /// differentiated; the tape was used before and is not persistent.
    #[track_caller]
    pub fn gradient<S: Source>(&self, target: &Tensor, sources: impl IntoIterator<Item = S>) -> Result<Gradients<S>> {
        self.gradient_with(target, sources, GradientOptions::new())
    }

    /// The gradients of `target` with respect to each source, weighted and filled up as the options say.
    ///
    /// ```
    /// # use crisol_autograd::{GradientOptions, GradientTape, UnconnectedGradients};
    /// # use crisol_tensor::Tensor;
    /// let (x, other) = (Tensor::from_slice(&[1.0f32, 2.0], [2]), Tensor::ones([3]));
    /// let tape = GradientTape::new();
    /// let y = x.square();
    /// let weights = Tensor::from_slice(&[1.0f32, 10.0], [2]);
    /// let options = GradientOptions::new().output_gradients(&weights).unconnected(UnconnectedGradients::Zero);
    /// let gradients = tape.gradient_with(&y, [&x, &other], options)?.into_tensors()?;
    /// assert_eq!(gradients[0].to_vec::<f32>()?, [2.0, 40.0]);
    /// assert_eq!(gradients[1].to_vec::<f32>()?, [0.0; 3]);
    /// # Ok::<(), crisol_ir::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`GradientTape::gradient`], and output gradients of another type or shape than the target.
    #[track_caller]
    pub fn gradient_with<S: Source>(
        &self,
        target: &Tensor,
        sources: impl IntoIterator<Item = S>,
        options: GradientOptions,
    ) -> Result<Gradients<S>> {
        let location = Location::caller();
        let sources: Vec<S> = sources.into_iter().collect();
        let values: Vec<Tensor> = sources.iter().map(Source::tensor).collect();
        let ask = || -> Result<Vec<Option<Tensor>>> {
            let mut found = self.rows(target, &values, options.seed.as_ref().map(std::slice::from_ref))?;
            let mut found = found.pop().unwrap_or_default();
            if options.unconnected == UnconnectedGradients::Zero {
                for (gradient, value) in found.iter_mut().zip(&values) {
                    let ty = value.ty()?;
                    gradient.get_or_insert_with(|| Tensor::full(ty.dtype, ty.shape, 0.0));
                }
            }
            Ok(found)
        };
        let tensors = ask().map_err(|error| error.operation("gradient").at(location))?;
        self.used_once();
        Ok(Gradients::new(sources, tensors))
    }

    /// Lets go of what is remembered, unless more questions are to come.
    pub(crate) fn used_once(&self) {
        if !self.persistent {
            *self.state.borrow_mut() = None;
        }
    }

    /// The gradients of each of several weighted sums of the target's elements; of the plain sum if no weights are given.
    pub(crate) fn rows(
        &self,
        target: &Tensor,
        sources: &[Tensor],
        seeds: Option<&[Tensor]>,
    ) -> Result<Vec<Vec<Option<Tensor>>>> {
        let state = self.state.borrow();
        let state = state.as_ref().ok_or_else(used)?;
        let start = state.keep.start()?;
        let seeds = seeds.unwrap_or_default();
        let all: Vec<&Tensor> = std::iter::once(target).chain(sources).chain(seeds).collect();
        let nodes = nodes_of(&all)?;
        let (target, rest) = (nodes[0], &nodes[1..]);
        let (sources, seeds) = rest.split_at(sources.len());
        let recorded = |id: NodeId| id >= start && !state.stopped.iter().any(|range| range.contains(&id));
        let limits: Vec<u32> = std::iter::once(start.0)
            .chain(state.stopped.iter().flat_map(|range| [range.start.0, range.end.0]))
            .collect();
        let watched = self.by_name.then_some(state.watched.as_slice());
        let seeds: Vec<Option<NodeId>> =
            if seeds.is_empty() { vec![None] } else { seeds.iter().copied().map(Some).collect() };
        let mut rows = Vec::with_capacity(seeds.len());
        for seed in seeds {
            let found = differentiate(&Question { target, seed, sources, watched }, &recorded, &limits)?;
            // A gradient that is one of these is the same tensor.
            rows.push(record_many(&all, |_, _| Ok(found))?);
        }
        Ok(rows)
    }
}

fn used() -> Error {
    Error::new(ErrorKind::State, "this tape has already given its gradients")
        .help("GradientTape::persistent() gives them as often as asked")
}
