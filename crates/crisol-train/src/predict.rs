//! `predict`: the outputs for data, batch by batch.

use crate::data::Feed;
use crate::evaluate::{Evaluate, at_most};
use crate::model::Model;
use crate::run::Running;
use crate::train_step::TrainStep;
use crate::training::with_progress;
use crisol_callbacks::Progress;
use crisol_ir::ndarray::{ArrayD, Axis, concatenate};
use crisol_ir::{DType, Error, ErrorKind, Result};

/// The outputs for data with a step: one array an output.
pub(crate) fn predict(
    model: &mut Model,
    step: &mut dyn TrainStep,
    feed: Feed<'_>,
    arguments: Evaluate<'_>,
) -> Result<Vec<ArrayD<f32>>> {
    arguments.check("predict")?;
    let batches = feed.into_batches(arguments.batch_size, &model.names())?;
    let mut progress = Progress::stdout(arguments.verbose);
    let mut callbacks = with_progress(arguments.callbacks, &mut progress);
    let steps = at_most(batches.cardinality(), arguments.steps);
    let mut run = Running::new(model, 1, steps, arguments.verbose);
    run.tell(&mut callbacks, |callback, run| callback.on_predict_begin(run))?;
    let mut parts: Vec<Vec<ArrayD<f32>>> = Vec::new();
    for (done, data) in batches.epoch(0)?.take(arguments.steps.unwrap_or(usize::MAX)).enumerate() {
        let data = data?;
        run.tell(&mut callbacks, |callback, run| callback.on_predict_batch_begin(run, done))?;
        let outputs = step.predict_step(run.model, &data)?;
        parts.resize(outputs.len(), Vec::new());
        for (part, output) in parts.iter_mut().zip(outputs) {
            part.push(output.cast(DType::F32).to_array::<f32>()?);
        }
        run.tell(&mut callbacks, |callback, run| callback.on_predict_batch_end(run, done))?;
    }
    run.tell(&mut callbacks, |callback, run| callback.on_predict_end(run))?;
    if parts.is_empty() {
        return Err(Error::new(ErrorKind::Value, "the data has no batches").operation("predict"));
    }
    let joined = parts.iter().map(|parts| {
        let views: Vec<_> = parts.iter().map(|part| part.view()).collect();
        concatenate(Axis(0), &views).map_err(|error| {
            let text = format!("the outputs of the batches do not fit together: {error}");
            Error::new(ErrorKind::Shape, text).operation("predict")
        })
    });
    joined.collect()
}

/// The single output.
pub(crate) fn only(mut outputs: Vec<ArrayD<f32>>) -> Result<ArrayD<f32>> {
    match (outputs.pop(), outputs.len()) {
        (Some(output), 0) => Ok(output),
        (_, more) => {
            let text = format!("the model has {} outputs, expected one", more + 1);
            Err(Error::new(ErrorKind::Value, text)
                .operation("predict")
                .help("use predict_with, which returns all of them"))
        }
    }
}
