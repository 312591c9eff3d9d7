//! Stops a training that no longer gets better.

use crate::callback::{Callback, Flow};
use crate::logs::Logs;
use crate::monitor::{Mode, Monitor};
use crate::run::Run;
use crisol_ir::{Result, Value};

const NAME: &str = "early_stopping";

/// Stops once the watched number has not improved for `patience` epochs, as `keras.callbacks.EarlyStopping`.
///
/// ```
/// use crisol_callbacks::EarlyStopping;
/// let stop = EarlyStopping::new("val_loss").patience(3).restore_best_weights(true);
/// # let _ = stop;
/// ```
#[derive(Clone, Debug)]
pub struct EarlyStopping {
    monitor: Monitor,
    patience: usize,
    baseline: Option<f64>,
    restore_best_weights: bool,
    start_from_epoch: usize,
    verbose: bool,
    wait: usize,
    stopped_epoch: usize,
    best_epoch: usize,
    best_weights: Option<Vec<(String, Value)>>,
}

impl EarlyStopping {
    /// Watches a number of the logs, with Keras' defaults: a patience of 0.
    pub fn new(monitor: &str) -> EarlyStopping {
        EarlyStopping {
            monitor: Monitor::new(monitor),
            patience: 0,
            baseline: None,
            restore_best_weights: false,
            start_from_epoch: 0,
            verbose: false,
            wait: 0,
            stopped_epoch: 0,
            best_epoch: 0,
            best_weights: None,
        }
    }

    /// Epochs without improvement after which training stops.
    #[must_use]
    pub fn patience(mut self, epochs: usize) -> EarlyStopping {
        self.patience = epochs;
        self
    }

    /// The least change that counts as an improvement.
    #[must_use]
    pub fn min_delta(mut self, min_delta: f64) -> EarlyStopping {
        self.monitor.min_delta = min_delta.abs();
        self
    }

    /// Which way is better; by the name of the number unless told.
    #[must_use]
    pub fn mode(mut self, mode: Mode) -> EarlyStopping {
        self.monitor.mode = mode;
        self
    }

    /// A value that must be beaten: epochs that do not beat it count as without improvement.
    #[must_use]
    pub fn baseline(mut self, baseline: f64) -> EarlyStopping {
        self.baseline = Some(baseline);
        self
    }

    /// Whether the weights of the best epoch are put back at the end.
    #[must_use]
    pub fn restore_best_weights(mut self, restore: bool) -> EarlyStopping {
        self.restore_best_weights = restore;
        self
    }

    /// Epochs to wait before watching.
    #[must_use]
    pub fn start_from_epoch(mut self, epoch: usize) -> EarlyStopping {
        self.start_from_epoch = epoch;
        self
    }

    /// Whether it says what it does.
    #[must_use]
    pub fn verbose(mut self, verbose: bool) -> EarlyStopping {
        self.verbose = verbose;
        self
    }

    /// The epoch after which training was stopped, counted from 0.
    pub fn stopped_epoch(&self) -> Option<usize> {
        (self.stopped_epoch > 0).then_some(self.stopped_epoch)
    }

    /// The best epoch so far, counted from 0.
    pub fn best_epoch(&self) -> usize {
        self.best_epoch
    }
}

impl Callback for EarlyStopping {
    fn on_train_begin(&mut self, run: &mut dyn Run) -> Result<()> {
        self.monitor.goes_up(NAME)?;
        if self.patience >= run.epochs() && self.patience > 0 {
            run.warn(format!(
                "{NAME}: patience is {} and training has {} epochs: it can never stop early (give a smaller patience)",
                self.patience,
                run.epochs()
            ));
        }
        (self.wait, self.stopped_epoch, self.best_epoch) = (0, 0, 0);
        (self.monitor.best, self.best_weights) = (None, None);
        Ok(())
    }

    fn on_epoch_end(&mut self, run: &mut dyn Run, epoch: usize, logs: &mut Logs) -> Result<Flow> {
        let Some(current) = self.monitor.current(NAME, run, logs).filter(|_| epoch >= self.start_from_epoch) else {
            return Ok(Flow::Continue);
        };
        if self.restore_best_weights && self.best_weights.is_none() {
            (self.best_weights, self.best_epoch) = (Some(run.weights()?), epoch);
        }
        self.wait += 1;
        if self.monitor.is_better(NAME, current, self.monitor.best)? {
            // The first epoch's weights are held already.
            if self.restore_best_weights && self.best_epoch != epoch {
                self.best_weights = Some(run.weights()?);
            }
            (self.monitor.best, self.best_epoch) = (Some(current), epoch);
            // The count starts anew only if both the best and the baseline are beaten.
            if self.baseline.is_none() || self.monitor.is_better(NAME, current, self.baseline)? {
                self.wait = 0;
            }
            return Ok(Flow::Continue);
        }
        if self.wait >= self.patience && epoch > 0 {
            self.stopped_epoch = epoch;
            return Ok(Flow::Stop);
        }
        Ok(Flow::Continue)
    }

    fn on_train_end(&mut self, run: &mut dyn Run, _logs: &Logs) -> Result<()> {
        if self.stopped_epoch > 0 && self.verbose {
            run.show(&format!("Epoch {}: early stopping\n", self.stopped_epoch + 1));
        }
        let Some(weights) = self.best_weights.take() else { return Ok(()) };
        if self.verbose {
            let epoch = self.best_epoch + 1;
            run.show(&format!("Restoring model weights from the end of the best epoch: {epoch}.\n"));
        }
        run.set_weights(&weights)
    }
}
