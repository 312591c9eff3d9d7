//! Makes the learning rate smaller when training no longer gets better.

use crate::callback::{Callback, Flow};
use crate::logs::Logs;
use crate::monitor::{Mode, Monitor};
use crate::run::Run;
use crisol_ir::{Error, ErrorKind, Result};

const NAME: &str = "reduce_lr_on_plateau";

/// Multiplies the learning rate by `factor` once the watched number has not improved for `patience` epochs, as
/// `keras.callbacks.ReduceLROnPlateau`. The rate is in the logs as `learning_rate`.
///
/// ```
/// use crisol_callbacks::ReduceLROnPlateau;
/// let reduce = ReduceLROnPlateau::new("val_loss").factor(0.5).patience(3).min_lr(1e-5);
/// # let _ = reduce;
/// ```
#[derive(Clone, Debug)]
pub struct ReduceLROnPlateau {
    monitor: Monitor,
    factor: f64,
    patience: usize,
    cooldown: usize,
    min_lr: f64,
    verbose: bool,
    wait: usize,
    cooling: usize,
}

impl ReduceLROnPlateau {
    /// Watches a number of the logs, with Keras' defaults: a factor of 0.1, a patience of 10, a least change of 1e-4.
    pub fn new(monitor: &str) -> ReduceLROnPlateau {
        let monitor = Monitor { min_delta: 1e-4, ..Monitor::new(monitor) };
        ReduceLROnPlateau {
            monitor,
            factor: 0.1,
            patience: 10,
            cooldown: 0,
            min_lr: 0.0,
            verbose: false,
            wait: 0,
            cooling: 0,
        }
    }

    /// What the rate is multiplied by: below 1.
    #[must_use]
    pub fn factor(mut self, factor: f64) -> ReduceLROnPlateau {
        self.factor = factor;
        self
    }

    /// Epochs without improvement after which the rate is reduced.
    #[must_use]
    pub fn patience(mut self, epochs: usize) -> ReduceLROnPlateau {
        self.patience = epochs;
        self
    }

    /// Epochs after a reduction that do not count.
    #[must_use]
    pub fn cooldown(mut self, epochs: usize) -> ReduceLROnPlateau {
        self.cooldown = epochs;
        self
    }

    /// The smallest rate.
    #[must_use]
    pub fn min_lr(mut self, min_lr: f64) -> ReduceLROnPlateau {
        self.min_lr = min_lr;
        self
    }

    /// The least change that counts as an improvement.
    #[must_use]
    pub fn min_delta(mut self, min_delta: f64) -> ReduceLROnPlateau {
        self.monitor.min_delta = min_delta.abs();
        self
    }

    /// Which way is better; by the name of the number unless told.
    #[must_use]
    pub fn mode(mut self, mode: Mode) -> ReduceLROnPlateau {
        self.monitor.mode = mode;
        self
    }

    /// Whether it says what it does.
    #[must_use]
    pub fn verbose(mut self, verbose: bool) -> ReduceLROnPlateau {
        self.verbose = verbose;
        self
    }
}

impl Callback for ReduceLROnPlateau {
    fn on_train_begin(&mut self, run: &mut dyn Run) -> Result<()> {
        self.monitor.goes_up(NAME)?;
        if !(0.0..1.0).contains(&self.factor) {
            let text = format!("factor is {}, expected a number from 0 up to, not including, 1", self.factor);
            return Err(Error::new(ErrorKind::Value, text).operation(NAME));
        }
        if let Some(rate) = run.learning_rate().filter(|rate| self.min_lr >= *rate) {
            let least = self.min_lr;
            run.warn(format!(
                "{NAME}: min_lr is {least} and the learning rate {rate}: it can never be reduced (give a smaller min_lr)"
            ));
        }
        if self.patience >= run.epochs() && self.patience > 0 {
            run.warn(format!(
                "{NAME}: patience is {} and training has {} epochs: the rate can never be reduced (give a smaller patience)",
                self.patience,
                run.epochs()
            ));
        }
        (self.monitor.best, self.wait, self.cooling) = (None, 0, 0);
        Ok(())
    }

    fn on_epoch_end(&mut self, run: &mut dyn Run, epoch: usize, logs: &mut Logs) -> Result<Flow> {
        let rate = run.learning_rate();
        if let Some(rate) = rate {
            logs.set("learning_rate", rate);
        }
        let Some(current) = self.monitor.current(NAME, run, logs) else { return Ok(Flow::Continue) };
        if self.cooling > 0 {
            self.cooling -= 1;
            self.wait = 0;
        }
        if self.monitor.is_better(NAME, current, self.monitor.best)? {
            (self.monitor.best, self.wait) = (Some(current), 0);
        } else if self.cooling == 0 {
            self.wait += 1;
            // Keras compares in single precision, the one in which it keeps rates.
            if self.wait >= self.patience
                && let Some(rate) = rate.filter(|rate| *rate as f32 > self.min_lr as f32)
            {
                let smaller = (rate * self.factor).max(self.min_lr);
                run.set_learning_rate(smaller)?;
                if self.verbose {
                    let epoch = epoch + 1;
                    run.show(&format!("\nEpoch {epoch}: ReduceLROnPlateau reducing learning rate to {smaller}.\n"));
                }
                (self.cooling, self.wait) = (self.cooldown, 0);
            }
        }
        Ok(Flow::Continue)
    }
}
