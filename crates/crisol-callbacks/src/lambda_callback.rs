//! Callbacks from closures.

use crate::callback::{Callback, Flow};
use crate::logs::Logs;
use crate::run::Run;
use crisol_ir::Result;

type AtEpochEnd<'a> = Box<dyn FnMut(&mut dyn Run, usize, &mut Logs) -> Result<Flow> + 'a>;
type AtStepEnd<'a> = Box<dyn FnMut(&mut dyn Run, usize) -> Result<Flow> + 'a>;
type AtCount<'a> = Box<dyn FnMut(&mut dyn Run, usize) -> Result<()> + 'a>;
type AtTrain<'a> = Box<dyn FnMut(&mut dyn Run) -> Result<()> + 'a>;

/// A callback made of closures, as `keras.callbacks.LambdaCallback`.
///
/// ```
/// use crisol_callbacks::{Flow, LambdaCallback};
/// let mut losses = Vec::new();
/// let log = LambdaCallback::new().on_epoch_end(|_run, _epoch, logs| {
///     losses.extend(logs.get("loss"));
///     Ok(Flow::Continue)
/// });
/// # drop(log);
/// ```
#[derive(Default)]
pub struct LambdaCallback<'a> {
    train_begin: Option<AtTrain<'a>>,
    train_end: Option<AtTrain<'a>>,
    epoch_begin: Option<AtCount<'a>>,
    epoch_end: Option<AtEpochEnd<'a>>,
    step_begin: Option<AtCount<'a>>,
    step_end: Option<AtStepEnd<'a>>,
}

impl<'a> LambdaCallback<'a> {
    /// Does nothing yet.
    pub fn new() -> LambdaCallback<'a> {
        LambdaCallback::default()
    }

    /// What to do before the first epoch.
    #[must_use]
    pub fn on_train_begin(mut self, act: impl FnMut(&mut dyn Run) -> Result<()> + 'a) -> Self {
        self.train_begin = Some(Box::new(act));
        self
    }

    /// What to do after the last epoch.
    #[must_use]
    pub fn on_train_end(mut self, act: impl FnMut(&mut dyn Run) -> Result<()> + 'a) -> Self {
        self.train_end = Some(Box::new(act));
        self
    }

    /// What to do before an epoch.
    #[must_use]
    pub fn on_epoch_begin(mut self, act: impl FnMut(&mut dyn Run, usize) -> Result<()> + 'a) -> Self {
        self.epoch_begin = Some(Box::new(act));
        self
    }

    /// What to do after an epoch.
    #[must_use]
    pub fn on_epoch_end(mut self, act: impl FnMut(&mut dyn Run, usize, &mut Logs) -> Result<Flow> + 'a) -> Self {
        self.epoch_end = Some(Box::new(act));
        self
    }

    /// What to do before a training step.
    #[must_use]
    pub fn on_train_batch_begin(mut self, act: impl FnMut(&mut dyn Run, usize) -> Result<()> + 'a) -> Self {
        self.step_begin = Some(Box::new(act));
        self
    }

    /// What to do after a training step.
    #[must_use]
    pub fn on_train_batch_end(mut self, act: impl FnMut(&mut dyn Run, usize) -> Result<Flow> + 'a) -> Self {
        self.step_end = Some(Box::new(act));
        self
    }
}

impl Callback for LambdaCallback<'_> {
    fn on_train_begin(&mut self, run: &mut dyn Run) -> Result<()> {
        self.train_begin.as_mut().map_or(Ok(()), |act| act(run))
    }

    fn on_train_end(&mut self, run: &mut dyn Run, _logs: &Logs) -> Result<()> {
        self.train_end.as_mut().map_or(Ok(()), |act| act(run))
    }

    fn on_epoch_begin(&mut self, run: &mut dyn Run, epoch: usize) -> Result<()> {
        self.epoch_begin.as_mut().map_or(Ok(()), |act| act(run, epoch))
    }

    fn on_epoch_end(&mut self, run: &mut dyn Run, epoch: usize, logs: &mut Logs) -> Result<Flow> {
        self.epoch_end.as_mut().map_or(Ok(Flow::Continue), |act| act(run, epoch, logs))
    }

    fn on_train_batch_begin(&mut self, run: &mut dyn Run, step: usize) -> Result<()> {
        self.step_begin.as_mut().map_or(Ok(()), |act| act(run, step))
    }

    fn on_train_batch_end(&mut self, run: &mut dyn Run, step: usize) -> Result<Flow> {
        self.step_end.as_mut().map_or(Ok(Flow::Continue), |act| act(run, step))
    }
}
