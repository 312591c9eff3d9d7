//! What a callback is, and what it sees of a training run.

use crate::logs::Logs;
use crisol_ir::Result;

/// Whether training goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// On to the next epoch.
    Continue,
    /// Training ends after this epoch.
    Stop,
}

/// The training run as callbacks see it.
pub trait Run {
    /// The number of epochs planned, counted from 0 (that is: the last epoch is `epochs() - 1`).
    fn epochs(&self) -> usize;

    /// The number of steps an epoch has, if known in advance.
    fn steps(&self) -> Option<usize>;

    /// The learning rate of the next step, if the model has an optimizer.
    fn learning_rate(&self) -> Option<f64>;

    /// Changes the learning rate from the next step on.
    ///
    /// # Errors
    /// The rate is no positive number, or there is no optimizer.
    fn set_learning_rate(&mut self, learning_rate: f64) -> Result<()>;
}

/// Takes part in a training run. Every method does nothing unless it is written.
///
/// ```
/// use crisol_callbacks::{Callback, Flow, Logs, Run};
///
/// /// Stops once the loss is small.
/// struct SmallEnough(f64);
///
/// impl Callback for SmallEnough {
///     fn on_epoch_end(&mut self, _run: &mut dyn Run, _epoch: usize, logs: &Logs) -> crisol_ir::Result<Flow> {
///         let small = logs.get("loss").is_some_and(|loss| loss < self.0);
///         Ok(if small { Flow::Stop } else { Flow::Continue })
///     }
/// }
/// ```
#[allow(unused_variables)]
pub trait Callback {
    /// Before the first epoch.
    ///
    /// # Errors
    /// Ends the training with the error, as in every method here.
    fn on_train_begin(&mut self, run: &mut dyn Run) -> Result<()> {
        Ok(())
    }

    /// Before an epoch, counted from 0.
    ///
    /// # Errors
    /// Ends the training.
    fn on_epoch_begin(&mut self, run: &mut dyn Run, epoch: usize) -> Result<()> {
        Ok(())
    }

    /// After a step, counted from 0 in each epoch. `logs` computes the numbers so far when asked: asking at every step costs
    /// a read.
    ///
    /// # Errors
    /// Ends the training.
    fn on_batch_end(&mut self, run: &mut dyn Run, step: usize, logs: &dyn Fn() -> Result<Logs>) -> Result<()> {
        Ok(())
    }

    /// After an epoch and its validation.
    ///
    /// # Errors
    /// Ends the training.
    fn on_epoch_end(&mut self, run: &mut dyn Run, epoch: usize, logs: &Logs) -> Result<Flow> {
        Ok(Flow::Continue)
    }

    /// After the last epoch.
    ///
    /// # Errors
    /// Ends the training.
    fn on_train_end(&mut self, run: &mut dyn Run) -> Result<()> {
        Ok(())
    }
}
