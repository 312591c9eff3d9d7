//! The loop of `fit`: epochs, steps, validation, callbacks.

use crate::compile::missing;
use crate::fit::Fit;
use crate::model::Model;
use crate::step;
use crate::trackers::Trackers;
use crisol_callbacks::{Callback, Flow, History, Logs, Progress, Run};
use crisol_data::Dataset;
use crisol_ir::{Error, ErrorKind, Result};
use crisol_optim::Optimizer;

/// The run as callbacks see it.
struct Training<'m> {
    optimizer: &'m mut Optimizer,
    epochs: usize,
    steps: Option<usize>,
}

impl Run for Training<'_> {
    fn epochs(&self) -> usize {
        self.epochs
    }

    fn steps(&self) -> Option<usize> {
        self.steps
    }

    fn learning_rate(&self) -> Option<f64> {
        Some(self.optimizer.learning_rate())
    }

    fn set_learning_rate(&mut self, learning_rate: f64) -> Result<()> {
        self.optimizer.set_learning_rate(learning_rate)
    }
}

/// What a run borrows from a model: taken apart so that callbacks may change the optimizer while logs are read from the trackers.
/// It goes back however the run ends, by a panic in somebody's callback too.
struct Taken<'m> {
    model: &'m mut Model,
    optimizer: Option<Optimizer>,
    trackers: Trackers,
    seen: u64,
}

impl<'m> Taken<'m> {
    fn new(model: &'m mut Model, optimizer: Option<Optimizer>) -> Result<Taken<'m>> {
        let seen = model.seen_steps;
        match Trackers::new(&mut model.compiled.metrics) {
            Ok(trackers) => Ok(Taken { model, optimizer, trackers, seen }),
            Err(error) => {
                model.compiled.optimizer = optimizer;
                Err(error)
            }
        }
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        if let Some(optimizer) = self.optimizer.take() {
            self.model.compiled.optimizer = Some(optimizer);
        }
        self.model.compiled.metrics = self.trackers.take_metrics();
        self.model.seen_steps = self.seen;
    }
}

/// Trains a model; what [`Model::fit`] does once its data is in batches.
pub(crate) fn run(model: &mut Model, train: &Dataset, validation: Option<&Dataset>, fit: Fit<'_>) -> Result<History> {
    let loss = model.compiled.loss("fit")?;
    let key = model.key;
    let optimizer = model.compiled.optimizer.take().ok_or_else(|| missing("optimizer", "fit"))?;
    let mut taken = Taken::new(model, Some(optimizer))?;
    let Taken { model, optimizer, trackers, seen } = &mut taken;
    let optimizer = optimizer.as_mut().ok_or_else(|| missing("optimizer", "fit"))?;
    let mut progress = Progress::stdout(fit.verbose);
    let mut callbacks: Vec<&mut dyn Callback> = vec![&mut progress];
    callbacks.extend(fit.callbacks);

    let mut history = History::default();
    let mut run = Training { optimizer, epochs: fit.epochs, steps: train.cardinality() };
    for callback in &mut callbacks {
        callback.on_train_begin(&mut run)?;
    }
    for epoch in fit.initial_epoch..fit.epochs {
        for callback in &mut callbacks {
            callback.on_epoch_begin(&mut run, epoch)?;
        }
        trackers.reset()?;
        let mut steps = 0;
        for batch in train.epoch(epoch as u64)? {
            let batch = batch?;
            model.build_for(batch.x.shape())?;
            step::train(model.network(), run.optimizer, &*loss, trackers, &batch, key.fold(*seen))?;
            *seen += 1;
            for callback in &mut callbacks {
                callback.on_batch_end(&mut run, steps, &|| trackers.logs())?;
            }
            steps += 1;
        }
        if steps == 0 {
            return Err(Error::new(ErrorKind::Value, "the training data has no batches").operation("fit"));
        }
        let mut logs = trackers.logs()?;
        if let Some(validation) = validation {
            trackers.reset()?;
            for batch in validation.epoch(0)? {
                step::test(model.network(), &*loss, trackers, &batch?)?;
            }
            logs.extend_prefixed("val_", &trackers.logs()?);
        }
        let mut flow = Flow::Continue;
        for callback in &mut callbacks {
            if callback.on_epoch_end(&mut run, epoch, &logs)? == Flow::Stop {
                flow = Flow::Stop;
            }
        }
        history.push(logs);
        if flow == Flow::Stop {
            break;
        }
    }
    for callback in &mut callbacks {
        callback.on_train_end(&mut run)?;
    }
    Ok(history)
}

/// Evaluates a model over a data set.
pub(crate) fn evaluate(model: &mut Model, data: &Dataset) -> Result<Logs> {
    let loss = model.compiled.loss("evaluate")?;
    let mut taken = Taken::new(model, None)?;
    let Taken { model, trackers, .. } = &mut taken;
    trackers.reset()?;
    let mut steps = 0;
    for batch in data.epoch(0)? {
        let batch = batch?;
        model.build_for(batch.x.shape())?;
        step::test(model.network(), &*loss, trackers, &batch)?;
        steps += 1;
    }
    if steps == 0 {
        return Err(Error::new(ErrorKind::Value, "the data has no batches").operation("evaluate"));
    }
    trackers.logs()
}
