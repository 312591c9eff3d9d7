//! Writes the model to a file while it trains.

use crate::callback::{Callback, Flow};
use crate::logs::Logs;
use crate::monitor::{Mode, Monitor};
use crate::run::Run;
use crate::template;
use crisol_ir::{Error, ErrorKind, Result};
use std::path::PathBuf;

const NAME: &str = "model_checkpoint";

/// Saves the model after every epoch, every so many steps, or whenever the watched number improves, as
/// `keras.callbacks.ModelCheckpoint`.
///
/// The path may hold places for numbers: `"{epoch:02d}-{val_loss:.2f}.crisol"`, epochs and steps (`{batch}`) counted from 1. Files are
/// written whole or not at all. A whole model ends in `.crisol`, weights alone in `.safetensors`.
///
/// ```
/// use crisol_callbacks::ModelCheckpoint;
/// let every_epoch = ModelCheckpoint::new("runs/{epoch:02d}.crisol");
/// let best = ModelCheckpoint::new("best.crisol").monitor("val_accuracy").save_best_only(true);
/// # let _ = (every_epoch, best);
/// ```
#[derive(Clone, Debug)]
pub struct ModelCheckpoint {
    path: String,
    monitor: Monitor,
    initial: Option<f64>,
    save_best_only: bool,
    save_weights_only: bool,
    every_steps: Option<usize>,
    verbose: bool,
    epoch: usize,
    last_step: Option<usize>,
    steps_since: usize,
}

impl ModelCheckpoint {
    /// Saves after every epoch.
    pub fn new(path: impl Into<String>) -> ModelCheckpoint {
        ModelCheckpoint {
            path: path.into(),
            monitor: Monitor::new("val_loss"),
            initial: None,
            save_best_only: false,
            save_weights_only: false,
            every_steps: None,
            verbose: false,
            epoch: 0,
            last_step: None,
            steps_since: 0,
        }
    }

    /// The number that says which epoch is best: `"val_loss"` unless told.
    #[must_use]
    pub fn monitor(mut self, monitor: &str) -> ModelCheckpoint {
        self.monitor.name = monitor.to_string();
        self
    }

    /// Which way is better; by the name of the number unless told.
    #[must_use]
    pub fn mode(mut self, mode: Mode) -> ModelCheckpoint {
        self.monitor.mode = mode;
        self
    }

    /// Whether only models that are better than all before are saved.
    #[must_use]
    pub fn save_best_only(mut self, best_only: bool) -> ModelCheckpoint {
        self.save_best_only = best_only;
        self
    }

    /// Whether weights alone are saved, as safetensors.
    #[must_use]
    pub fn save_weights_only(mut self, weights_only: bool) -> ModelCheckpoint {
        self.save_weights_only = weights_only;
        self
    }

    /// Saves every so many steps instead of after every epoch.
    #[must_use]
    pub fn save_freq(mut self, steps: usize) -> ModelCheckpoint {
        self.every_steps = Some(steps);
        self
    }

    /// A value that the first model to be saved must beat.
    #[must_use]
    pub fn initial_value_threshold(mut self, value: f64) -> ModelCheckpoint {
        self.initial = Some(value);
        self
    }

    /// Whether it says what it does.
    #[must_use]
    pub fn verbose(mut self, verbose: bool) -> ModelCheckpoint {
        self.verbose = verbose;
        self
    }

    fn save(&mut self, run: &mut dyn Run, step: Option<usize>, logs: &Logs) -> Result<()> {
        let epoch = self.epoch + 1;
        let value = |name: &str| match (name, step) {
            ("epoch", _) => Some(epoch as f64),
            ("batch", Some(step)) => Some((step + 1) as f64),
            _ => logs.get(name),
        };
        let names: Vec<&str> = logs.iter().map(|(name, _)| name).collect();
        let known = format!("known are epoch, {}", names.join(", "));
        let path = template::fill(&self.path, value, &known).map_err(|error| error.layer(NAME))?;
        if !self.should_save(run, &path, logs)? {
            return Ok(());
        }
        let path = PathBuf::from(path);
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|error| {
                let text = format!("{} cannot be made: {error}", folder.display());
                Error::new(ErrorKind::Io, text).operation(NAME)
            })?;
        }
        let saved = if self.save_weights_only { run.save_weights(&path) } else { run.save(&path) };
        saved.map_err(|error| error.layer(NAME))?;
        if self.verbose {
            run.show(&format!("\nEpoch {epoch}: finished saving model to {}\n", path.display()));
        }
        Ok(())
    }

    fn should_save(&mut self, run: &mut dyn Run, path: &str, logs: &Logs) -> Result<bool> {
        let epoch = self.epoch + 1;
        if !self.save_best_only {
            if self.verbose {
                run.show(&format!("\nEpoch {epoch}: saving model to {path}\n"));
            }
            return Ok(true);
        }
        let Some(current) = self.monitor.current(NAME, run, logs) else { return Ok(true) };
        let (name, best) = (&self.monitor.name, self.monitor.best);
        let shown = best.map_or_else(|| "None".to_string(), |best| format!("{best:.5}"));
        let is_better = self.monitor.is_better(NAME, current, best)?;
        if self.verbose {
            run.show(&match is_better {
                true => {
                    format!("\nEpoch {epoch}: {name} improved from {shown} to {current:.5}, saving model to {path}\n")
                }
                false => format!("\nEpoch {epoch}: {name} did not improve from {shown}\n"),
            });
        }
        if is_better {
            self.monitor.best = Some(current);
        }
        Ok(is_better)
    }
}

impl Callback for ModelCheckpoint {
    fn on_train_begin(&mut self, _run: &mut dyn Run) -> Result<()> {
        let extension = if self.save_weights_only { ".safetensors" } else { ".crisol" };
        if !self.path.ends_with(extension) {
            let text = format!("the path {:?} must end in {extension}", self.path);
            return Err(Error::new(ErrorKind::Value, text)
                .operation(NAME)
                .help("whole models end in .crisol, with save_weights_only in .safetensors"));
        }
        if self.every_steps == Some(0) {
            return Err(Error::new(ErrorKind::Value, "save_freq is 0, expected at least 1 step").operation(NAME));
        }
        if self.save_best_only {
            self.monitor.goes_up(NAME)?;
        }
        self.monitor.best = self.monitor.best.or(self.initial);
        Ok(())
    }

    fn on_epoch_begin(&mut self, _run: &mut dyn Run, epoch: usize) -> Result<()> {
        self.epoch = epoch;
        Ok(())
    }

    fn on_train_batch_end(&mut self, run: &mut dyn Run, step: usize) -> Result<Flow> {
        let Some(every) = self.every_steps else { return Ok(Flow::Continue) };
        // Several steps may have passed at once; a smaller number is a new epoch.
        self.steps_since += match self.last_step {
            Some(last) if step > last => step - last,
            _ => step + 1,
        };
        self.last_step = Some(step);
        if self.steps_since >= every {
            self.steps_since = 0;
            let logs = run.logs()?;
            self.save(run, Some(step), &logs)?;
        }
        Ok(Flow::Continue)
    }

    fn on_epoch_end(&mut self, run: &mut dyn Run, _epoch: usize, logs: &mut Logs) -> Result<Flow> {
        if self.every_steps.is_none() {
            self.save(run, None, logs)?;
        }
        Ok(Flow::Continue)
    }
}
