//! `predict`: the outputs for data, batch by batch.

use crate::data::Feed;
use crate::evaluate::{Evaluate, at_most};
use crate::model::Model;
use crate::run::Running;
use crate::train_step::TrainStep;
use crate::training::with_progress;
use crisol_callbacks::Progress;
use crisol_ir::ndarray::ArrayD;
use crisol_ir::{DType, Error, ErrorKind, Result, elements};
use crisol_tensor::Tensor;
use std::fmt::Display;

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
    let mut joined: Vec<Joined> = Vec::new();
    for (done, data) in batches.epoch(0)?.take(arguments.steps.unwrap_or(usize::MAX)).enumerate() {
        let data = data?;
        run.tell(&mut callbacks, |callback, run| callback.on_predict_batch_begin(run, done))?;
        let outputs = step.predict_step(run.model, &data)?;
        if done == 0 {
            joined.resize_with(outputs.len(), Joined::default);
        }
        if outputs.len() != joined.len() {
            let text = format!("batch {done} has {} outputs, and those before have {}", outputs.len(), joined.len());
            return Err(Error::new(ErrorKind::Value, text).operation("predict"));
        }
        for (number, (joined, output)) in joined.iter_mut().zip(&outputs).enumerate() {
            joined.append(output, &format_args!("output {number} of batch {done}"))?;
        }
        run.tell(&mut callbacks, |callback, run| callback.on_predict_batch_end(run, done))?;
    }
    run.tell(&mut callbacks, |callback, run| callback.on_predict_end(run))?;
    if joined.is_empty() {
        return Err(Error::new(ErrorKind::Value, "the data has no batches").operation("predict"));
    }
    Ok(joined.into_iter().map(Joined::into_array).collect())
}

/// The outputs of batches one after the other along axis 0.
#[derive(Default)]
struct Joined {
    sizes: Vec<usize>,
    elements: Vec<f32>,
}

impl Joined {
    fn into_array(mut self) -> ArrayD<f32> {
        self.elements.shrink_to_fit();
        elements::array(&self.sizes, self.elements)
    }

    /// Adds the samples of an output of a batch, which an error calls `name`.
    fn append(&mut self, output: &Tensor, name: &dyn Display) -> Result<()> {
        let shape = output.shape()?;
        let wrong = |text: String| Err(Error::new(ErrorKind::Shape, text).operation("predict"));
        let Some((more, each)) = shape.sizes().split_first() else {
            return wrong(format!("{name}: expected samples along axis 0, given a single value"));
        };
        match self.sizes.split_first_mut() {
            None => self.sizes = shape.sizes().to_vec(),
            Some((samples, before)) if *before == *each => *samples += more,
            Some(_) => {
                return wrong(format!("{name} is {shape}, and {:?} in those before", self.sizes));
            }
        }
        self.elements.append(&mut output.cast(DType::F32).to_vec::<f32>()?);
        Ok(())
    }
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
