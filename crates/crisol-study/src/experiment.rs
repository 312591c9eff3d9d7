//! One line of a study: a name, how to train, what is expected.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::BoxError;
use crate::{Hypothesis, Outcome};

/// What an experiment is asked for each time it is called.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Run {
    /// The experiment's name.
    pub experiment: String,
    /// The seed of weights, shuffling and dropout.
    pub seed: u64,
    /// The experiment's epochs, else the study's, else none.
    pub epochs: Option<usize>,
    /// Whether to train on a single batch, as [`Experiment::on_one_batch`] asks.
    pub one_batch: bool,
}

type Train<'a> = dyn Fn(&Run) -> Result<Outcome, BoxError> + 'a;

/// A way to train, under a name, with what is expected of it.
pub struct Experiment<'a> {
    pub(crate) name: String,
    train: Box<Train<'a>>,
    pub(crate) epochs: Option<usize>,
    pub(crate) one_batch: bool,
    pub(crate) hypotheses: Vec<Hypothesis>,
}

impl<'a> Experiment<'a> {
    /// An experiment that calls `train` once a seed. The closure's error may be of any type, and what it
    /// borrows (the data) must only outlive the study.
    pub fn new<E: Into<BoxError>>(name: impl Into<String>, train: impl Fn(&Run) -> Result<Outcome, E> + 'a) -> Self {
        Self {
            name: name.into(),
            train: Box::new(move |run| train(run).map_err(Into::into)),
            epochs: None,
            one_batch: false,
            hypotheses: Vec::new(),
        }
    }

    /// Adds a hypothesis; there may be several.
    pub fn expect(mut self, hypothesis: Hypothesis) -> Self {
        self.hypotheses.push(hypothesis);
        self
    }

    /// Trains for another number of epochs than the rest of the study.
    pub fn epochs(mut self, epochs: usize) -> Self {
        self.epochs = Some(epochs);
        self
    }

    /// Asks the closure, through [`Run::one_batch`], to train on one batch only.
    pub fn on_one_batch(mut self) -> Self {
        self.one_batch = true;
        self
    }

    /// Trains; a panic is an error like any other, so that it costs one run and not the night's study.
    pub(crate) fn train(&self, run: &Run) -> Result<Outcome, String> {
        // What the closure leaves half-changed behind its borrows is its own; nothing of ours is shared
        // with it.
        match catch_unwind(AssertUnwindSafe(|| (self.train)(run))) {
            Ok(Ok(outcome)) => Ok(outcome),
            Ok(Err(error)) => Err(with_causes(&*error)),
            Err(payload) => Err(format!(
                "panicked: {}",
                payload
                    .downcast_ref::<&str>()
                    .copied()
                    .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
                    .unwrap_or("a payload that is no text")
            )),
        }
    }
}

impl fmt::Debug for Experiment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Experiment")
            .field("name", &self.name)
            .field("epochs", &self.epochs)
            .field("one_batch", &self.one_batch)
            .field("hypotheses", &self.hypotheses)
            .finish_non_exhaustive()
    }
}

/// An error and its sources, as far as each says something that is not yet said.
fn with_causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}
