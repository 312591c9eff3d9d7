//! The gradient tape: what is computed while it lives can be differentiated.

use crate::backward::append_gradients;
use crisol_ir::{Error, ErrorKind, Result};
use crisol_tensor::{KeepNodes, Source, Tensor, record_many};
use std::cell::RefCell;
use std::panic::Location;

/// Remembers what is computed while it lives, so that gradients of it can be asked for.
///
/// Every float tensor is watched: a gradient can be taken with respect to variables, and to any tensor that entered the
/// computation. Values may be printed before; a tape changes no numbers. Gradients are recorded like any other computation:
/// they fuse, and another tape around them differentiates them again.
///
/// ```
/// use crisol_autograd::GradientTape;
/// use crisol_tensor::{Tensor, Variable};
/// let x = Variable::new(Tensor::from_slice(&[3.0f32], [1]))?;
/// let tape = GradientTape::new();
/// let y = x.value().square().sum_all();
/// let gradients = tape.gradient(&y, [&x])?;
/// for (_, gradient) in gradients.iter() {
///     assert_eq!(gradient.map(Tensor::item).transpose()?, Some(6.0));
/// }
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Debug)]
pub struct GradientTape {
    keep: RefCell<Option<KeepNodes>>,
    persistent: bool,
}

impl GradientTape {
    /// A tape that gives gradients once and then lets go of what it remembers.
    #[allow(clippy::new_without_default)] // a guard, not a value
    pub fn new() -> GradientTape {
        GradientTape { keep: RefCell::new(Some(KeepNodes::new())), persistent: false }
    }

    /// A tape that gives gradients as often as asked while it lives.
    pub fn persistent() -> GradientTape {
        GradientTape { keep: RefCell::new(Some(KeepNodes::new())), persistent: true }
    }

    /// The gradients of `target` (of the sum of its elements) with respect to each source.
    ///
    /// A source that `target` does not depend on has none.
    ///
    /// # Errors
    /// `target` or a source carries an error; `target` is not of a floating point type; an operation on the way refuses to be
    /// differentiated; the tape was used before and is not persistent, or is used on another thread.
    #[track_caller]
    pub fn gradient<S: Source>(&self, target: &Tensor, sources: impl IntoIterator<Item = S>) -> Result<Gradients<S>> {
        let location = Location::caller();
        let sources: Vec<S> = sources.into_iter().collect();
        self.append(target, &sources)
            .map(|tensors| Gradients { sources, tensors })
            .map_err(|error| error.operation("gradient").at(location))
    }

    fn append<S: Source>(&self, target: &Tensor, sources: &[S]) -> Result<Vec<Option<Tensor>>> {
        let mut keep = self.keep.borrow_mut();
        let Some(kept) = keep.as_ref() else {
            return Err(Error::new(ErrorKind::State, "this tape has already given its gradients")
                .help("GradientTape::persistent() gives them as often as asked"));
        };
        let start = kept.start()?;
        let values: Vec<Tensor> = sources.iter().map(Source::tensor).collect();
        let inputs: Vec<&Tensor> = std::iter::once(target).chain(&values).collect();
        let gradients = record_many(&inputs, |graph, nodes| append_gradients(graph, nodes[0], &nodes[1..], start))?;
        if !self.persistent {
            *keep = None;
        }
        Ok(gradients)
    }
}

/// The gradients with respect to a list of sources, each beside its source.
#[derive(Clone, Debug)]
pub struct Gradients<S> {
    sources: Vec<S>,
    tensors: Vec<Option<Tensor>>,
}

impl<S> Gradients<S> {
    /// The gradients in the order of the sources; `None` for a source that the target does not depend on.
    pub fn tensors(&self) -> &[Option<Tensor>] {
        &self.tensors
    }

    /// The sources with their gradients.
    pub fn iter(&self) -> impl Iterator<Item = (&S, Option<&Tensor>)> {
        self.sources.iter().zip(self.tensors.iter().map(Option::as_ref))
    }
}

impl<S> IntoIterator for Gradients<S> {
    type Item = (S, Option<Tensor>);
    type IntoIter = std::iter::Zip<std::vec::IntoIter<S>, std::vec::IntoIter<Option<Tensor>>>;
    fn into_iter(self) -> Self::IntoIter {
        self.sources.into_iter().zip(self.tensors)
    }
}
