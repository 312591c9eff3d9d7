//! One step on one batch: training, evaluation, prediction.

use crate::data::tensor;
use crate::trackers::Trackers;
use crisol_autograd::GradientTape;
use crisol_data::{Array, Batch};
use crisol_ir::{Error, ErrorKind, Result};
use crisol_layers::{Forward, Mode, Network};
use crisol_losses::Loss;
use crisol_optim::Optimizer;
use crisol_tensor::random::Key;
use crisol_tensor::{Tensor, evaluate};

/// A batch as tensors, with its targets.
struct Targets {
    x: Tensor,
    y: Tensor,
    weight: Option<Tensor>,
    samples: usize,
}

impl Targets {
    fn of(batch: &Batch, what: &str) -> Result<Targets> {
        let Some(y) = &batch.y else {
            return Err(Error::new(ErrorKind::Value, format!("{what} needs targets, and the data has only inputs"))
                .help("give (x, y), or a pipeline whose batches have y"));
        };
        if batch.is_empty() {
            return Err(Error::new(ErrorKind::Value, "the batch is empty").operation(what.to_string()));
        }
        Ok(Targets {
            x: tensor(&batch.x),
            y: tensor(y),
            weight: batch.sample_weight.as_ref().map(tensor),
            samples: batch.len(),
        })
    }
}

/// Moves the weights one step downhill. Forward pass, gradients, update and metrics are one plan.
pub(crate) fn train(
    network: &Network,
    optimizer: &mut Optimizer,
    loss: &dyn Loss,
    trackers: &mut Trackers,
    batch: &Batch,
    key: Key,
) -> Result<()> {
    let targets = Targets::of(batch, "fit")?;
    let tape = GradientTape::new();
    let (outputs, losses) = forward(network, &targets.x, Mode::Training, key)?;
    check_labels(loss, batch, &outputs)?;
    let value = total_loss(losses, loss, &targets, &outputs)?;
    let gradients = tape.gradient(&value, network.trainable_weights()?)?;
    optimizer.record(gradients)?;
    network.tree()?.apply_constraints()?;
    trackers.update(&value, targets.samples, &targets.y, &outputs, targets.weight.as_ref())?;
    // The plan may overwrite the old weights only if nothing here still holds what was read from them.
    drop((value, outputs, targets));
    evaluate()
}

/// Takes a batch into the trackers and changes no weight.
pub(crate) fn test(network: &Network, loss: &dyn Loss, trackers: &mut Trackers, batch: &Batch) -> Result<()> {
    let targets = Targets::of(batch, "evaluate")?;
    let (outputs, losses) = forward(network, &targets.x, Mode::Inference, Key::new(0))?;
    check_labels(loss, batch, &outputs)?;
    let value = total_loss(losses, loss, &targets, &outputs)?;
    trackers.update(&value, targets.samples, &targets.y, &outputs, targets.weight.as_ref())?;
    drop((value, outputs, targets));
    evaluate()
}

/// The one output of a network and the losses its layers added.
fn forward(network: &Network, x: &Tensor, mode: Mode, key: Key) -> Result<(Tensor, Vec<Tensor>)> {
    let Forward { mut outputs, losses, .. } = network.forward(std::slice::from_ref(x), mode, key)?;
    match (outputs.pop(), outputs.is_empty()) {
        (Some(output), true) => Ok((output, losses)),
        (output, _) => Err(Error::new(
            ErrorKind::Unsupported,
            format!(
                "training needs a model of one output, this one has {}",
                outputs.len() + usize::from(output.is_some())
            ),
        )),
    }
}

fn total_loss(added: Vec<Tensor>, loss: &dyn Loss, targets: &Targets, outputs: &Tensor) -> Result<Tensor> {
    let mut value = loss.call(&targets.y, outputs, targets.weight.as_ref())?;
    for added in added {
        value = value + added;
    }
    value.check()?;
    Ok(value)
}

/// Class numbers that no output stands for would train in silence: they are found before the step.
fn check_labels(loss: &dyn Loss, batch: &Batch, outputs: &Tensor) -> Result<()> {
    let (Some(classes), Some(labels)) = (loss.classes(&outputs.shape()?), &batch.y) else {
        return Ok(());
    };
    let outside = |label: &i64| *label < 0 || *label >= classes as i64;
    let labels: Vec<i64> = match labels {
        Array::U8(labels) => labels.iter().map(|&label| label.into()).collect(),
        Array::I32(labels) => labels.iter().map(|&label| label.into()).collect(),
        Array::I64(labels) => labels.iter().copied().collect(),
        other => other.to_f64().iter().map(|&label| label as i64).collect(),
    };
    match labels.iter().enumerate().find(|(_, label)| outside(label)) {
        None => Ok(()),
        Some((row, label)) => Err(Error::new(
            ErrorKind::Value,
            format!("label {label} in row {row} of the batch, expected 0 to {} for {classes} outputs", classes - 1),
        )
        .operation(loss.name())
        .help("labels count from 0; the last layer needs as many units as there are classes")),
    }
}
