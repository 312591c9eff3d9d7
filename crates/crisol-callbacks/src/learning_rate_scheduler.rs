//! Sets the learning rate of every epoch by a function.

use crate::callback::{Callback, Flow};
use crate::logs::Logs;
use crate::run::Run;
use crisol_ir::{Error, ErrorKind, Result};

/// Sets the learning rate before every epoch, as `keras.callbacks.LearningRateScheduler`. The rate is in the logs as `learning_rate`.
///
/// ```
/// use crisol_callbacks::LearningRateScheduler;
/// let halving = LearningRateScheduler::new(|epoch, rate| if epoch == 0 { rate } else { rate / 2.0 });
/// # let _ = halving;
/// ```
pub struct LearningRateScheduler {
    schedule: Box<dyn FnMut(usize, f64) -> f64>,
    verbose: bool,
}

impl LearningRateScheduler {
    /// Sets the rate that the function makes of the epoch, counted from 0, and the rate before.
    pub fn new(schedule: impl FnMut(usize, f64) -> f64 + 'static) -> LearningRateScheduler {
        LearningRateScheduler { schedule: Box::new(schedule), verbose: false }
    }

    /// Whether it says what it does.
    #[must_use]
    pub fn verbose(mut self, verbose: bool) -> LearningRateScheduler {
        self.verbose = verbose;
        self
    }
}

impl Callback for LearningRateScheduler {
    fn on_epoch_begin(&mut self, run: &mut dyn Run, epoch: usize) -> Result<()> {
        let Some(before) = run.learning_rate() else {
            return Err(Error::new(ErrorKind::State, "the model has no optimizer whose rate could be set")
                .operation("learning_rate_scheduler"));
        };
        let rate = (self.schedule)(epoch, before);
        run.set_learning_rate(rate).map_err(|error| error.layer("learning_rate_scheduler"))?;
        if self.verbose {
            let epoch = epoch + 1;
            run.show(&format!("\nEpoch {epoch}: LearningRateScheduler setting learning rate to {rate}.\n"));
        }
        Ok(())
    }

    fn on_epoch_end(&mut self, run: &mut dyn Run, _epoch: usize, logs: &mut Logs) -> Result<Flow> {
        if let Some(rate) = run.learning_rate() {
            logs.set("learning_rate", rate);
        }
        Ok(Flow::Continue)
    }
}
