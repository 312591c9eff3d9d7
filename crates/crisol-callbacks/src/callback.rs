//! What a callback is, and when it is called.

use crate::logs::Logs;
use crate::run::Run;
use crisol_ir::Result;

/// Whether training goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Training goes on.
    Continue,
    /// Training ends here, after the step or the epoch that just ended.
    Stop,
}

/// Takes part in a training run. Every method does nothing unless it is written; an error ends the training.
///
/// The numbers so far come from [`Run::logs`], which computes them when asked: after every step that costs a read.
///
/// ```
/// use crisol_callbacks::{Callback, Flow, Logs, Run};
///
/// /// Stops once the loss is small.
/// struct SmallEnough(f64);
///
/// impl Callback for SmallEnough {
///     fn on_epoch_end(&mut self, _run: &mut dyn Run, _epoch: usize, logs: &mut Logs) -> crisol_ir::Result<Flow> {
///         let small = logs.get("loss").is_some_and(|loss| loss < self.0);
///         Ok(if small { Flow::Stop } else { Flow::Continue })
///     }
/// }
/// ```
#[allow(unused_variables)]
#[allow(clippy::missing_errors_doc)] // said once, above
pub trait Callback {
    /// Before the first epoch of `fit`.
    fn on_train_begin(&mut self, run: &mut dyn Run) -> Result<()> {
        Ok(())
    }

    /// After the last epoch of `fit`, with the numbers of that epoch.
    fn on_train_end(&mut self, run: &mut dyn Run, logs: &Logs) -> Result<()> {
        Ok(())
    }

    /// Before an epoch, counted from 0.
    fn on_epoch_begin(&mut self, run: &mut dyn Run, epoch: usize) -> Result<()> {
        Ok(())
    }

    /// After an epoch and its validation. What is written into the logs is seen by later callbacks, the progress line and the history.
    fn on_epoch_end(&mut self, run: &mut dyn Run, epoch: usize, logs: &mut Logs) -> Result<Flow> {
        Ok(Flow::Continue)
    }

    /// Before a training step, counted from 0 in each epoch.
    fn on_train_batch_begin(&mut self, run: &mut dyn Run, step: usize) -> Result<()> {
        Ok(())
    }

    /// After a training step; with `steps_per_execution` after the last of each execution.
    fn on_train_batch_end(&mut self, run: &mut dyn Run, step: usize) -> Result<Flow> {
        Ok(Flow::Continue)
    }

    /// Before an evaluation, or the validation of an epoch.
    fn on_test_begin(&mut self, run: &mut dyn Run) -> Result<()> {
        Ok(())
    }

    /// After an evaluation or a validation, with its numbers.
    fn on_test_end(&mut self, run: &mut dyn Run, logs: &Logs) -> Result<()> {
        Ok(())
    }

    /// Before a step of an evaluation.
    fn on_test_batch_begin(&mut self, run: &mut dyn Run, step: usize) -> Result<()> {
        Ok(())
    }

    /// After a step of an evaluation.
    fn on_test_batch_end(&mut self, run: &mut dyn Run, step: usize) -> Result<()> {
        Ok(())
    }

    /// Before a prediction.
    fn on_predict_begin(&mut self, run: &mut dyn Run) -> Result<()> {
        Ok(())
    }

    /// After a prediction.
    fn on_predict_end(&mut self, run: &mut dyn Run) -> Result<()> {
        Ok(())
    }

    /// Before a step of a prediction.
    fn on_predict_batch_begin(&mut self, run: &mut dyn Run, step: usize) -> Result<()> {
        Ok(())
    }

    /// After a step of a prediction.
    fn on_predict_batch_end(&mut self, run: &mut dyn Run, step: usize) -> Result<()> {
        Ok(())
    }

    /// Whether the run must keep the weights of before each step, which [`Run::first_not_finite`] needs: a copy of them all.
    fn keeps_last_weights(&self) -> bool {
        false
    }
}
