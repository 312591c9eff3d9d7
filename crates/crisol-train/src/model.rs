//! The model: a network with what it takes to train it.

use crate::compile::{Compile, Compiled};
use crate::data::{IntoFeed, tensor};
use crate::fit::Fit;
use crate::training;
use crisol_callbacks::{History, Logs};
use crisol_ir::ndarray::{ArrayD, Axis, concatenate};
use crisol_ir::{Error, ErrorKind, Result, Shape};
use crisol_layers::{Layer, Mode, Network, Nodes};
use crisol_params::{LoadReport, Tree, Weight};
use crisol_tensor::Tensor;
use crisol_tensor::random::{Key, next_key};
use std::path::Path;

/// Samples a prediction's step has, as in Keras.
const PREDICT_BATCH_SIZE: usize = 32;

/// The line length of a summary.
const SUMMARY_COLUMNS: usize = 72;

/// A network that can be compiled, trained, evaluated and asked for predictions.
///
/// ```
/// use crisol_layers::{Dense, Input, LayerExt};
/// use crisol_train::{Compile, Fit, Model, Verbose};
/// use crisol_ir::ndarray::{Array1, Array2};
///
/// let input = Input::new([3]);
/// let output = Dense::new(1).on(&Dense::new(8).activation("relu").on(&input));
/// let mut model = Model::new(&input, &output)?;
/// model.compile(Compile::new().optimizer("adam").loss("mse").metric("mae"))?;
///
/// let x = Array2::from_shape_fn((64, 3), |(row, column)| (row * 3 + column) as f32 / 192.0);
/// let y: Array1<f32> = x.rows().into_iter().map(|row| row.sum()).collect();
/// let history = model.fit((&x, &y), Fit::epochs(3).verbose(Verbose::Silent))?;
/// assert!(history.get("loss")[2] < history.get("loss")[0]);
/// assert_eq!(model.predict(&x)?.shape(), [64, 1]);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Debug)]
pub struct Model {
    network: Network,
    pub(crate) compiled: Compiled,
    /// What random layers and shuffling draw from.
    pub(crate) key: Key,
    /// Training steps in the life of the model: each draws its own random numbers.
    pub(crate) seen_steps: u64,
}

/// Making a model.
impl Model {
    /// The layers that lead from inputs to outputs, with new weights.
    ///
    /// # Errors
    /// What a layer refuses, with its name and the line that wrote it; outputs that depend on other inputs; two layers of one name.
    pub fn new(inputs: impl Nodes, outputs: impl Nodes) -> Result<Model> {
        Ok(Model::from_network(Network::functional(inputs, outputs)?.build()?))
    }

    /// A network as a model. Random numbers follow from this thread's stream, which [`crisol_tensor::random::seed`] starts.
    pub fn from_network(network: Network) -> Model {
        Model { network, compiled: Compiled::default(), key: next_key(), seen_steps: 0 }
    }

    /// Sets optimizer, loss and metrics; what was set before is forgotten.
    ///
    /// # Errors
    /// A name that does not exist, or settings out of range.
    pub fn compile(&mut self, compile: Compile) -> Result<()> {
        self.compiled = compile.finish()?;
        Ok(())
    }
}

/// Training and using it.
impl Model {
    /// Trains for a number of epochs and returns the logs of each.
    ///
    /// Data is arrays `(&x, &y)` or `(&x, &y, &sample_weight)`, or a pipeline. Arrays are cut into batches and shuffled anew every
    /// epoch. Each step (forward, gradients, update, metrics) runs as one plan.
    ///
    /// # Errors
    /// No optimizer or loss; data without targets or of the wrong shape; what a layer, loss or metric refuses; labels out of range.
    /// The weights keep the values of the last good step.
    pub fn fit(&mut self, data: impl IntoFeed, mut fit: Fit<'_>) -> Result<History> {
        fit.check()?;
        let (train, held_out) = data.into_feed().split(fit.validation_split)?;
        let validation = match (fit.validation_data.take(), held_out) {
            (Some(given), _) => Some(given),
            (None, held_out) => held_out,
        };
        let shuffle = (!fit.unshuffled).then(|| self.key.number());
        let train = train.into_dataset(fit.batch_size, shuffle);
        let validation = validation.map(|data| data.into_dataset(fit.batch_size, None));
        training::run(self, &train, validation.as_ref(), fit)
    }

    /// Loss and metrics over data.
    ///
    /// # Errors
    /// As [`Model::fit`], but no optimizer is needed.
    pub fn evaluate(&mut self, data: impl IntoFeed) -> Result<Logs> {
        let data = data.into_feed().into_dataset(None, None);
        training::evaluate(self, &data)
    }

    /// The outputs for data, one row a sample; targets are ignored.
    ///
    /// # Errors
    /// Data of the wrong shape, or a network with several outputs.
    pub fn predict(&mut self, data: impl IntoFeed) -> Result<ArrayD<f32>> {
        let data = data.into_feed().into_dataset(Some(PREDICT_BATCH_SIZE), None);
        let mut parts = Vec::new();
        for batch in data.epoch(0)? {
            let batch = batch?;
            let outputs = self.call(&tensor(&batch.x), Mode::Inference)?;
            parts.push(outputs.cast(crisol_ir::DType::F32).to_array::<f32>()?);
        }
        let views: Vec<_> = parts.iter().map(|part| part.view()).collect();
        concatenate(Axis(0), &views)
            .map_err(|_| Error::new(ErrorKind::Value, "the data has no batches").operation("predict"))
    }

    /// The output for a tensor, as part of a computation of one's own.
    ///
    /// # Errors
    /// An input that does not fit, or a network of several inputs or outputs.
    pub fn call(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        self.network.call(x, mode)
    }
}

/// What it is made of.
impl Model {
    /// Keras' table of layers, output shapes and parameters. Sizes that follow from an input that is not known yet are left open.
    ///
    /// # Errors
    /// What a layer refuses.
    pub fn summary(&self) -> Result<String> {
        match self.network.build_for(&[]) {
            Err(error) if error.kind() != ErrorKind::State => Err(error),
            _ => self.network.summary(SUMMARY_COLUMNS),
        }
    }

    /// The layers.
    pub fn network(&self) -> &Network {
        &self.network
    }

    pub(crate) fn network_mut(&mut self) -> &mut Network {
        &mut self.network
    }

    /// The layer with the given name.
    ///
    /// # Errors
    /// No such layer: the error offers the nearest name.
    pub fn layer(&self, name: &str) -> Result<&dyn Layer> {
        self.network.layer(name)
    }

    /// The weights by path.
    ///
    /// # Errors
    /// The model is not built.
    pub fn tree(&self) -> Result<&Tree> {
        self.network.tree()
    }

    /// The weights that an optimizer may change.
    ///
    /// # Errors
    /// The model is not built.
    pub fn trainable_weights(&self) -> Result<Vec<Weight>> {
        self.network.trainable_weights()
    }

    /// The losses that layers added in the last forward pass.
    pub fn losses(&self) -> Vec<Tensor> {
        self.network.losses()
    }

    /// The learning rate of the next step, if there is an optimizer.
    pub fn learning_rate(&self) -> Option<f64> {
        self.compiled.optimizer.as_ref().map(crisol_optim::Optimizer::learning_rate)
    }

    /// Writes all weights to a safetensors file: whole, or not at all.
    ///
    /// # Errors
    /// The model is not built, or the file cannot be written.
    pub fn save_weights(&self, path: impl AsRef<Path>) -> Result<()> {
        self.tree()?.save_safetensors(path)
    }

    /// Reads all weights from a safetensors file.
    ///
    /// # Errors
    /// The model is not built; the file cannot be read; names or shapes differ: all of them are listed and nothing changes.
    pub fn load_weights(&self, path: impl AsRef<Path>) -> Result<LoadReport> {
        self.tree()?.load_safetensors(path)
    }

    /// Creates the weights for samples of a shape, if that has not happened.
    pub(crate) fn build_for(&self, batch: &[usize]) -> Result<()> {
        if self.network.is_built() {
            return Ok(());
        }
        let sample = batch.get(1..).unwrap_or_default();
        self.network.build_for(&[Shape::new(sample)?])
    }
}
