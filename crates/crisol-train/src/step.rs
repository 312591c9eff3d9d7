//! The built-in steps, and what steps of one's own are made of.

use crate::batch::Data;
use crate::model::Model;
use crate::train_step::Results;
use crisol_autograd::{GradientTape, Gradients};
use crisol_ir::{Error, ErrorKind, Result};
use crisol_layers::{Forward, Mode};
use crisol_losses::Loss;
use crisol_optim::Parameter;
use crisol_tensor::Tensor;
use crisol_tensor::random::{Key, next_key};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The steps of `fit`, `evaluate` and `predict`. They record; reading a result, or the loop, evaluates.
impl Model {
    /// Keras' training step: forward pass, gradients, update and metrics, all of it one plan.
    ///
    /// # Errors
    /// No optimizer or loss; what a layer, loss or metric refuses; labels out of range.
    pub fn train_step(&mut self, data: &Data) -> Result<Results> {
        let tape = GradientTape::new();
        let outputs = self.forward(data.inputs(), Mode::Training)?;
        let loss = self.loss_of(data, &outputs, "fit")?;
        let gradients = tape.gradient(&self.scale_loss(&loss), self.trainable_weights()?)?;
        self.apply(gradients)?;
        self.compiled.trackers.update_metrics(data, &outputs, self.network.metrics())?;
        Ok(Results::compiled())
    }

    /// Keras' evaluation step: loss and metrics, and no weight changes.
    ///
    /// # Errors
    /// As [`Model::train_step`], but no optimizer is needed.
    pub fn test_step(&mut self, data: &Data) -> Result<Results> {
        let outputs = self.forward(data.inputs(), Mode::Inference)?;
        self.loss_of(data, &outputs, "evaluate")?;
        self.compiled.trackers.update_metrics(data, &outputs, self.network.metrics())?;
        Ok(Results::compiled())
    }

    /// Keras' prediction step: the outputs.
    ///
    /// # Errors
    /// What a layer refuses.
    pub fn predict_step(&mut self, data: &Data) -> Result<Vec<Tensor>> {
        self.forward(data.inputs(), Mode::Inference)
    }

    /// The outputs for tensors, in their order.
    ///
    /// # Errors
    /// Inputs that do not fit, or what a layer returns.
    pub fn forward(&self, inputs: &[Tensor], mode: Mode) -> Result<Vec<Tensor>> {
        let key = if mode == Mode::Training { self.step_key() } else { Key::new(0) };
        let Forward { outputs, .. } = self.network.forward(inputs, mode, key)?;
        Ok(outputs)
    }

    /// The output for a tensor, as part of a computation of one's own.
    ///
    /// # Errors
    /// An input that does not fit, or a network of several inputs or outputs.
    pub fn call(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        let mut outputs = self.forward(std::slice::from_ref(x), mode)?;
        match (outputs.pop(), outputs.len()) {
            (Some(output), 0) => Ok(output),
            (_, more) => {
                let text = format!("the model has {} outputs, expected one", more + 1);
                Err(Error::new(ErrorKind::Value, text).operation("call").help("use forward"))
            }
        }
    }

    /// The loss that the model was compiled with, of its only output, together with the losses that layers added in the last forward pass.
    /// It is followed as `loss` in the logs.
    ///
    /// # Errors
    /// The model was compiled without a loss; shapes that do not fit.
    pub fn compiled_loss(
        &mut self,
        y_true: &Tensor,
        y_pred: &Tensor,
        sample_weight: Option<&Tensor>,
    ) -> Result<Tensor> {
        self.compiled.needs_loss("compiled_loss")?;
        let mut value = Vec::with_capacity(1);
        if let Some(loss) = self.compiled.losses.first().cloned().flatten() {
            value.push(loss.call(y_true, y_pred, sample_weight)?);
            self.watch_probabilities(&loss, y_pred);
        }
        self.total_loss(&value, y_true.dim(0)?)
    }

    /// Takes a batch into the metrics that the model was compiled with, where sample weights count in the weighted ones, and into those that
    /// layers added.
    ///
    /// # Errors
    /// Shapes that do not fit.
    pub fn update_metrics(&mut self, y_true: &Tensor, y_pred: &Tensor, sample_weight: Option<&Tensor>) -> Result<()> {
        self.compiled.trackers.update_one(y_true, y_pred, sample_weight, self.network.metrics())
    }

    /// Records the optimizer's step, which keeps weights within their constraints.
    ///
    /// # Errors
    /// The model was compiled without an optimizer; no parameter has a gradient.
    pub fn apply<P: Parameter>(&mut self, gradients: Gradients<P>) -> Result<()> {
        self.compiled.optimizer("apply")?.record(gradients)
    }

    /// The losses and metrics that the model was compiled with, as a step's results.
    pub fn results(&self) -> Results {
        Results::compiled()
    }

    /// What random layers draw from in the next forward pass. Within a step of `fit` it follows from the model's key and the number of the
    /// step, so that a training that goes on after an interruption draws what it would have drawn.
    fn step_key(&self) -> Key {
        match self.in_step {
            None => next_key(),
            Some(key) => match self.passes.fetch_add(1, Ordering::Relaxed) {
                0 => key,
                pass => key.fold(pass),
            },
        }
    }

    /// The sum of the losses of all outputs and of those that layers added.
    fn loss_of(&mut self, data: &Data, outputs: &[Tensor], what: &str) -> Result<Tensor> {
        self.compiled.needs_loss(what)?;
        let targets = data.targets().map_err(|_| {
            Error::new(ErrorKind::Value, format!("{what} needs targets, and the data has only inputs"))
                .help("give (x, y), or a pipeline whose batches have y")
        })?;
        if targets.len() != outputs.len() {
            let text = format!("the model has {} outputs and the data {} targets", outputs.len(), targets.len());
            return Err(Error::new(ErrorKind::Value, text).operation(what.to_string()).help(
                "give one target an output: Arrays::new().push(&a).push(&b), or in a pipeline batch.with(name, b)",
            ));
        }
        let mut parts = Vec::with_capacity(outputs.len());
        for (place, (target, output)) in targets.iter().zip(outputs).enumerate() {
            let Some(loss) = self.compiled.losses.get(place).cloned().flatten() else { continue };
            parts.push(loss.call(target, output, data.weight_of(place))?);
            self.watch_probabilities(&loss, output);
        }
        self.total_loss(&parts, data.samples())
    }

    /// In the first step, keeps outputs that should be probabilities and do not come out of a sigmoid or softmax.
    fn watch_probabilities(&mut self, loss: &Arc<dyn Loss>, output: &Tensor) {
        if let Some(unproven) = self.unproven.as_mut().filter(|_| loss.expects_probabilities())
            && output.logits().is_none()
        {
            unproven.push((Arc::clone(loss), output.clone()));
        }
    }

    fn total_loss(&mut self, parts: &[Tensor], samples: usize) -> Result<Tensor> {
        let mut total: Option<Tensor> = None;
        for (part, &weight) in parts.iter().zip(&self.compiled.loss_weights) {
            let part = if weight == 1.0 { part.clone() } else { part * weight };
            total = Some(total.map_or(part.clone(), |total| total + part));
        }
        for added in self.network.losses() {
            total = Some(total.map_or(added.clone(), |total| total + added));
        }
        let Some(total) = total else {
            return Err(Error::new(ErrorKind::State, "no output has a loss").operation("loss"));
        };
        total.check()?;
        self.compiled.trackers.update_loss(&total, parts, samples)?;
        Ok(total)
    }
}
