//! The loop of `fit`: epochs, steps, validation, callbacks.

use crate::batch::Data;
use crate::data::{Batches, Feed};
use crate::evaluate;
use crate::fit::Fit;
use crate::model::{Counts, Model};
use crate::run::{LastStep, Running};
use crate::stream::Stream;
use crate::train_step::TrainStep;
use crisol_callbacks::{Callback, Flow, History, Logs, Position, Progress, Run};
use crisol_ir::{DType, Error, ErrorKind, Result};
use crisol_losses::Loss;
use crisol_tensor::{Tensor, evaluate as evaluate_recorded};
use std::sync::Arc;

/// Trains a model with a step.
pub(crate) fn fit(model: &mut Model, step: &mut dyn TrainStep, feed: Feed<'_>, mut fit: Fit<'_>) -> Result<History> {
    fit.check()?;
    if fit.class_weight.is_some() && (fit.sample_weight.is_some() || feed.has_weights()) {
        let text = "class_weight and sample_weight are both given";
        return Err(Error::new(ErrorKind::Value, text)
            .operation("fit")
            .help("multiply them and give sample_weight alone"));
    }
    let feed = feed.weighted(fit.sample_weight.take()).map_err(|error| error.operation("fit"))?;
    let split = if fit.validation_data.is_some() { 0.0 } else { fit.validation_split };
    let (train, held_out) = feed.split(split)?;
    let names = model.names();
    let validation_size = fit.validation_batch_size.or(fit.batch_size);
    let validation = match fit.validation_data.take().or(held_out) {
        Some(feed) => Some(feed.into_batches(validation_size, &names)?),
        None => None,
    };
    let train = train.into_batches(fit.batch_size, &names)?.with_class_weight(fit.class_weight.take());
    run(model, step, train, validation.as_ref(), fit)
}

fn run(
    model: &mut Model,
    step: &mut dyn TrainStep,
    mut train: Batches<'_>,
    validation: Option<&Batches<'_>>,
    fit: Fit<'_>,
) -> Result<History> {
    let mut progress = Progress::stdout(fit.verbose);
    let mut callbacks = with_progress(fit.callbacks, &mut progress);
    let callbacks = callbacks.as_mut_slice();
    let keeps_weights = callbacks.iter().any(|callback| callback.keeps_last_weights());

    let mut run = Running::new(model, fit.epochs, fit.steps_per_epoch.or_else(|| train.cardinality()), fit.verbose);
    run.position.epoch = fit.initial_epoch;
    run.model.build_for_batches(&train)?;
    run.tell(callbacks, |callback, run| callback.on_train_begin(run))?;
    let mut last_logs = Logs::new();
    // Callbacks may have gone back to a backup: its place, and its order of samples.
    let mut position = run.position;
    if !fit.unshuffled {
        train.shuffle(run.model.key.number());
    }
    let mut stream = Stream::new(&train, fit.steps_per_epoch);
    while position.epoch < fit.epochs {
        let epoch = position.epoch;
        run.tell(callbacks, |callback, run| callback.on_epoch_begin(run, epoch))?;
        run.model.compiled.trackers.reset()?;
        step.reset_metrics()?;
        stream.go_to(position)?;
        let mut flow = steps(&mut run, step, &mut stream, callbacks, position, keeps_weights)?;
        run.held = step.weights()?;
        let mut logs = run.logs()?;
        if let Some(validation) = validation.filter(|_| fit.validation_freq.includes(epoch)) {
            let results = std::mem::take(&mut run.results);
            let validated = evaluate::pass(&mut run, step, validation, fit.validation_steps, callbacks)?;
            logs.extend_prefixed("val_", &validated);
            run.results = results;
        }
        for callback in callbacks.iter_mut() {
            if callback.on_epoch_end(&mut run, epoch, &mut logs)? == Flow::Stop {
                flow = Flow::Stop;
            }
        }
        warn_of_nan(&mut run, &logs);
        last_logs.clone_from(&logs);
        run.history.push_epoch(epoch, logs);
        if flow == Flow::Stop {
            break;
        }
        position = Position { epoch: epoch + 1, step: 0 };
    }
    if run.is_swapped {
        // Averages are in the model, and what they replaced is in their place: the end of a training takes them from there.
        run.swap_averages()?;
    }
    run.model.finalize()?;
    run.tell(callbacks, |callback, run| callback.on_train_end(run, &last_logs))?;
    Ok(run.history)
}

/// The callbacks of a run, the progress line last.
pub(crate) fn with_progress<'p>(
    callbacks: Vec<&'p mut (dyn Callback + '_)>,
    progress: &'p mut dyn Callback,
) -> Vec<&'p mut dyn Callback> {
    let mut all: Vec<&'p mut dyn Callback> = Vec::with_capacity(callbacks.len() + 1);
    for callback in callbacks {
        all.push(callback);
    }
    all.push(progress);
    all
}

/// The steps of one epoch, those from `position` on.
fn steps(
    run: &mut Running<'_>,
    step: &mut dyn TrainStep,
    stream: &mut Stream<'_, '_>,
    callbacks: &mut [&mut dyn Callback],
    position: Position,
    keeps_weights: bool,
) -> Result<Flow> {
    let together = run.model.compiled.steps_per_execution.max(1);
    let (mut done, mut recorded) = (position.step, 0);
    let mut before = run.model.counts();
    loop {
        let Some(data) = stream.next(done) else { break };
        let data = data?;
        if data.samples() == 0 {
            return Err(Error::new(ErrorKind::Value, "the batch is empty").operation("fit"));
        }
        if done == 0 && position.epoch == 0 {
            data.check("fit")?;
            run.model.unproven = Some(Vec::new());
        }
        if recorded == 0 {
            run.tell(callbacks, |callback, run| callback.on_train_batch_begin(run, done))?;
        }
        let key = run.model.key.fold(run.model.seen_steps);
        if keeps_weights {
            let tree = run.model.tree();
            let weights = tree.map(|tree| tree.weights().iter().map(|weight| weight.variable().value()).collect());
            run.last = weights.ok().map(|weights| LastStep { weights, data: data.clone(), key });
        }
        let trained = train(run, step, &data, key);
        let unproven = run.model.unproven.take();
        trained?;
        if let Some(unproven) = unproven
            && let Err(error) = warn_of_improbable(run, unproven)
        {
            run.model.go_back_to(before);
            return Err(error);
        }
        // Nothing here needs the batch any more, so its memory is free as soon as it is read.
        drop(data);
        (done, recorded) = (done + 1, recorded + 1);
        if recorded == together {
            recorded = 0;
            if executed(run, callbacks, done, before)? == Flow::Stop {
                return Ok(Flow::Stop);
            }
            before = run.model.counts();
        }
    }
    if done == position.step && position.step == 0 {
        return Err(Error::new(ErrorKind::Value, "the training data has no batches").operation("fit"));
    }
    if recorded > 0 {
        return executed(run, callbacks, done, before);
    }
    Ok(Flow::Continue)
}

/// Records a step; the model counts it only if it was possible.
fn train(run: &mut Running<'_>, step: &mut dyn TrainStep, data: &Data, key: crisol_tensor::random::Key) -> Result<()> {
    run.results = crate::train_step::Results::compiled();
    run.model.build_for(data.x().shape()?.sizes())?;
    run.model.enter_step(Some(key));
    let results = step.train_step(run.model, data);
    run.model.enter_step(None);
    run.results = results?;
    run.model.seen_steps += 1;
    Ok(())
}

/// Evaluates what was recorded and tells the callbacks.
fn executed(run: &mut Running<'_>, callbacks: &mut [&mut dyn Callback], done: usize, before: Counts) -> Result<Flow> {
    evaluate_recorded().inspect_err(|_| run.model.go_back_to(before))?;
    let mut flow = Flow::Continue;
    for callback in callbacks.iter_mut() {
        if callback.on_train_batch_end(run, done - 1)? == Flow::Stop {
            flow = Flow::Stop;
        }
    }
    Ok(flow)
}

/// Cross-entropies of outputs that are no probabilities train in silence and badly.
fn warn_of_improbable(run: &mut Running<'_>, unproven: Vec<(Arc<dyn Loss>, Tensor)>) -> Result<()> {
    for (loss, output) in unproven {
        let values = output.cast(DType::F64).to_vec::<f64>()?;
        if let Some(value) = values.iter().find(|value| **value < -1e-3 || **value > 1.001) {
            let name = loss.name();
            let activation = if name.contains("binary") { "sigmoid" } else { "softmax" };
            run.warn(format!(
                "{name} expects probabilities, and an output of the first batch is {value:.4} (give the last layer the \
                 activation {activation:?}, or the loss from_logits(true))"
            ));
        }
    }
    Ok(())
}

/// A loss that is no number is told once.
fn warn_of_nan(run: &mut Running<'_>, logs: &Logs) {
    let is_nan = logs.get("loss").is_some_and(|loss| !loss.is_finite());
    let was_nan = run.history.last("loss").is_some_and(|loss| !loss.is_finite());
    if is_nan && !was_nan {
        run.warn("the loss is not finite (a smaller learning rate, or clipnorm, may help; TerminateOnNan names the step and the layer)".to_string());
    }
}
