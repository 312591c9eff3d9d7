//! Gradients beside what they belong to, and how they are asked for.

use crisol_ir::{Error, ErrorKind, Result};
use crisol_tensor::{Source, Tensor};

/// How gradients are asked for: see [`GradientTape::gradient_with`](crate::GradientTape::gradient_with).
#[derive(Clone, Debug, Default)]
pub struct GradientOptions {
    pub(crate) seed: Option<Tensor>,
    pub(crate) unconnected: UnconnectedGradients,
}

/// The gradient with respect to a source that the target does not depend on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum UnconnectedGradients {
    /// There is none.
    #[default]
    None,
    /// Zeros of the source's type and shape.
    Zero,
}

impl GradientOptions {
    /// The gradient of the plain sum of the target's elements; none for unconnected sources.
    pub fn new() -> GradientOptions {
        GradientOptions::default()
    }

    /// Weights of the target's elements, of its type and shape: the gradient of a result with respect to them.
    #[must_use]
    pub fn output_gradients(mut self, weights: &Tensor) -> GradientOptions {
        self.seed = Some(weights.clone());
        self
    }

    /// What stands for a gradient that does not exist.
    #[must_use]
    pub fn unconnected(mut self, unconnected: UnconnectedGradients) -> GradientOptions {
        self.unconnected = unconnected;
        self
    }
}

/// The gradients with respect to a list of sources, each beside its source.
#[derive(Clone, Debug)]
pub struct Gradients<S> {
    sources: Vec<S>,
    tensors: Vec<Option<Tensor>>,
}

impl<S> Gradients<S> {
    pub(crate) fn new(sources: Vec<S>, tensors: Vec<Option<Tensor>>) -> Gradients<S> {
        Gradients { sources, tensors }
    }

    /// The gradients in the order of the sources; `None` for a source that the target does not depend on.
    pub fn tensors(&self) -> &[Option<Tensor>] {
        &self.tensors
    }

    /// The sources with their gradients.
    pub fn iter(&self) -> impl Iterator<Item = (&S, Option<&Tensor>)> {
        self.sources.iter().zip(self.tensors.iter().map(Option::as_ref))
    }
}

impl<S: Source> Gradients<S> {
    /// The gradients in the order of the sources, which must all have one.
    ///
    /// # Errors
    /// The target does not depend on a source: the error names it.
    pub fn into_tensors(self) -> Result<Vec<Tensor>> {
        let present = |(number, (source, gradient)): (usize, (S, Option<Tensor>))| {
            gradient.ok_or_else(|| {
                let text = format!("the target does not depend on source {number}, {}", source.name());
                Error::new(ErrorKind::Gradient, text).operation("gradient").help(
                    "the target must be computed from it while the tape lives; UnconnectedGradients::Zero gives zeros",
                )
            })
        };
        self.into_iter().enumerate().map(present).collect()
    }

    /// The gradient with respect to the only source.
    ///
    /// # Errors
    /// There are more sources, or the target does not depend on it.
    pub fn only(self) -> Result<Tensor> {
        let mut tensors = self.into_tensors()?;
        match (tensors.pop(), tensors.len()) {
            (Some(tensor), 0) => Ok(tensor),
            (tensor, more) => {
                let count = more + usize::from(tensor.is_some());
                Err(Error::new(ErrorKind::Value, format!("there are {count} sources, expected one")).operation("only"))
            }
        }
    }
}

impl<S> IntoIterator for Gradients<S> {
    type Item = (S, Option<Tensor>);
    type IntoIter = std::iter::Zip<std::vec::IntoIter<S>, std::vec::IntoIter<Option<Tensor>>>;
    fn into_iter(self) -> Self::IntoIter {
        self.sources.into_iter().zip(self.tensors)
    }
}
