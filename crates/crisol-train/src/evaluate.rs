//! `evaluate`: its arguments and its loop, which validation shares.

use crate::arrays::{Arrays, IntoArrays};
use crate::data::{Batches, Feed};
use crate::model::Model;
use crate::run::Running;
use crate::train_step::{Results, TrainStep};
use crate::training::with_progress;
use crisol_callbacks::{Callback, Logs, Progress, Run, Verbose};
use crisol_ir::{Error, ErrorKind, Result};
use crisol_tensor::evaluate as evaluate_recorded;

/// The arguments of [`Model::evaluate_with`](crate::Model::evaluate_with) and [`Model::predict_with`](crate::Model::predict_with).
///
/// ```
/// use crisol_train::Evaluate;
/// let evaluate = Evaluate::new().batch_size(128).steps(10).verbose(1);
/// ```
pub struct Evaluate<'a> {
    pub(crate) batch_size: Option<usize>,
    pub(crate) steps: Option<usize>,
    pub(crate) sample_weight: Option<Arrays<'a>>,
    pub(crate) verbose: Verbose,
    pub(crate) callbacks: Vec<&'a mut dyn Callback>,
}

impl Default for Evaluate<'_> {
    fn default() -> Self {
        Evaluate { batch_size: None, steps: None, sample_weight: None, verbose: Verbose::Silent, callbacks: Vec::new() }
    }
}

impl<'a> Evaluate<'a> {
    /// All of the data, 32 samples a step, silently.
    pub fn new() -> Evaluate<'a> {
        Evaluate::default()
    }

    /// Samples a step, for arrays and for pipelines that are not batched yet; 32 unless told.
    #[must_use]
    pub fn batch_size(mut self, batch_size: usize) -> Evaluate<'a> {
        self.batch_size = Some(batch_size);
        self
    }

    /// The steps to take, from the beginning of the data.
    #[must_use]
    pub fn steps(mut self, steps: usize) -> Evaluate<'a> {
        self.steps = Some(steps);
        self
    }

    /// What each sample counts, for arrays.
    #[must_use]
    pub fn sample_weight(mut self, weight: impl IntoArrays<'a>) -> Evaluate<'a> {
        self.sample_weight = Some(weight.into_arrays());
        self
    }

    /// How much is shown: Keras' 0, 1 or 2, or a [`Verbose`]. Nothing, unless told.
    #[must_use]
    pub fn verbose(mut self, verbose: impl Into<Verbose>) -> Evaluate<'a> {
        self.verbose = verbose.into();
        self
    }

    /// One more callback.
    #[must_use]
    pub fn callback(mut self, callback: &'a mut dyn Callback) -> Evaluate<'a> {
        self.callbacks.push(callback);
        self
    }

    pub(crate) fn check(&self, what: &str) -> Result<()> {
        for (name, count) in [("batch_size", self.batch_size), ("steps", self.steps)] {
            if count == Some(0) {
                let text = format!("{name} is 0, expected at least 1");
                return Err(Error::new(ErrorKind::Value, text).operation(what.to_string()));
            }
        }
        Ok(())
    }
}

/// Evaluates a model with a step.
pub(crate) fn evaluate(
    model: &mut Model,
    step: &mut dyn TrainStep,
    feed: Feed<'_>,
    mut arguments: Evaluate<'_>,
) -> Result<Logs> {
    arguments.check("evaluate")?;
    let feed = feed.weighted(arguments.sample_weight.take()).map_err(|error| error.operation("evaluate"))?;
    let batches = feed.into_batches(arguments.batch_size, &model.names())?;
    let mut progress = Progress::stdout(arguments.verbose);
    let mut callbacks = with_progress(arguments.callbacks, &mut progress);
    model.build_for_batches(&batches)?;
    let steps = at_most(batches.cardinality(), arguments.steps);
    let mut run = Running::new(model, 1, steps, arguments.verbose);
    pass(&mut run, step, &batches, arguments.steps, &mut callbacks)
}

/// The smaller of two counts that may be unknown.
pub(crate) fn at_most(known: Option<usize>, wanted: Option<usize>) -> Option<usize> {
    match (known, wanted) {
        (Some(known), Some(wanted)) => Some(known.min(wanted)),
        (known, wanted) => known.or(wanted),
    }
}

/// One pass over data that changes no weight.
pub(crate) fn pass(
    run: &mut Running<'_>,
    step: &mut dyn TrainStep,
    batches: &Batches<'_>,
    most: Option<usize>,
    callbacks: &mut [&mut dyn Callback],
) -> Result<Logs> {
    run.model.compiled.trackers.reset()?;
    step.reset_metrics()?;
    run.results = Results::compiled();
    run.tell(callbacks, |callback, run| callback.on_test_begin(run))?;
    let mut done = 0;
    for data in batches.epoch(0)?.take(most.unwrap_or(usize::MAX)) {
        let data = data?;
        if data.samples() == 0 {
            return Err(Error::new(ErrorKind::Value, "the batch is empty").operation("evaluate"));
        }
        run.tell(callbacks, |callback, run| callback.on_test_batch_begin(run, done))?;
        run.results = Results::compiled();
        run.model.build_for(data.x().shape()?.sizes())?;
        run.results = step.test_step(run.model, &data)?;
        drop(data);
        evaluate_recorded()?;
        run.tell(callbacks, |callback, run| callback.on_test_batch_end(run, done))?;
        done += 1;
    }
    if done == 0 {
        return Err(Error::new(ErrorKind::Value, "the data has no batches").operation("evaluate"));
    }
    let logs = run.logs()?;
    run.tell(callbacks, |callback, run| callback.on_test_end(run, &logs))?;
    Ok(logs)
}
