//! The model: a network with what it takes to train it.

use crate::compile::{Compile, Compiled};
use crate::data::{Batches, IntoFeed, Names};
use crate::evaluate::Evaluate;
use crate::fit::Fit;
use crate::train_step::BuiltIn;
use crate::{evaluate, predict, training};
use crisol_callbacks::{History, Logs};
use crisol_ir::ndarray::ArrayD;
use crisol_ir::{ErrorKind, Result, Shape, Value};
use crisol_layers::{Layer, Network, Node, Nodes};
use crisol_losses::Loss;
use crisol_params::{Tree, Weight};
use crisol_tensor::Tensor;
use crisol_tensor::random::{Key, next_key};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

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
    pub(crate) network: Network,
    pub(crate) compiled: Compiled,
    /// What random layers and shuffling draw from.
    pub(crate) key: Key,
    /// Training steps in the life of the model: each draws its own random numbers.
    pub(crate) seen_steps: u64,
    /// Within a step of `fit`: what it draws from.
    pub(crate) in_step: Option<Key>,
    /// Forward passes of the step so far.
    pub(crate) passes: AtomicU64,
    /// Within the first step of `fit`: outputs that should be probabilities, with the losses that say so.
    pub(crate) unproven: Option<Vec<(Arc<dyn Loss>, Tensor)>>,
}

/// Steps that a model, and its optimizer, have counted.
#[derive(Clone, Copy)]
pub(crate) struct Counts {
    seen_steps: u64,
    updates: u64,
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
        let (compiled, key) = (Compiled::default(), next_key());
        Model { network, compiled, key, seen_steps: 0, in_step: None, passes: AtomicU64::new(0), unproven: None }
    }

    /// A model of the same layers with new weights, frozen where these are, and not compiled: Keras' `clone_model`.
    ///
    /// Layers keep their names. A network with a seed begins with the same weights again; in any other,
    /// [`Model::set_weights`] with what [`Model::get_weights`] of this one returns makes the two equal.
    ///
    /// ```
    /// use crisol_ir::ndarray::Array2;
    /// use crisol_layers::{Dense, Input};
    /// use crisol_train::Sequential;
    /// let mut model = Sequential::new((Input::new([3]), Dense::new(8).activation("relu"), Dense::new(1)));
    /// let x = Array2::<f32>::ones((5, 3));
    /// let before = model.predict(&x)?;
    /// let mut clone = model.clone_model()?;
    /// assert_ne!(clone.predict(&x)?, before);
    /// clone.set_weights(&model.get_weights()?)?;
    /// assert_eq!(clone.predict(&x)?, before);
    /// # Ok::<(), crisol_ir::Error>(())
    /// ```
    ///
    /// # Errors
    /// What a layer refuses.
    pub fn clone_model(&self) -> Result<Model> {
        let network = self.network.unbuilt();
        if let Ok(tree) = self.network.tree() {
            let shapes: Vec<Shape> = self.network.input_types()?.iter().map(|ty| ty.shape).collect();
            network.build_for(&shapes)?;
            let clone = network.tree()?;
            for weight in tree.weights() {
                match weight.frozen() {
                    true => clone.freeze(weight.path())?,
                    false => clone.unfreeze(weight.path())?,
                }
            }
        }
        Ok(Model::from_network(network))
    }

    /// Sets optimizer, loss and metrics; what was set before is forgotten.
    ///
    /// # Errors
    /// A name that does not exist, or settings out of range.
    pub fn compile(&mut self, compile: Compile) -> Result<()> {
        let compiled = compile.finish(&self.network.output_names()?)?;
        self.compiled = compiled;
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
    pub fn fit<'d>(&mut self, data: impl IntoFeed<'d>, fit: Fit<'_>) -> Result<History> {
        self.compiled.needs_loss("fit")?;
        self.compiled.optimizer("fit")?;
        training::fit(self, &mut BuiltIn, data.into_feed(), fit)
    }

    /// Loss and metrics over data.
    ///
    /// # Errors
    /// As [`Model::fit`], but no optimizer is needed.
    pub fn evaluate<'d>(&mut self, data: impl IntoFeed<'d>) -> Result<Logs> {
        self.evaluate_with(data, Evaluate::new())
    }

    /// Loss and metrics over data, with Keras' other arguments.
    ///
    /// # Errors
    /// As [`Model::evaluate`].
    pub fn evaluate_with<'d>(&mut self, data: impl IntoFeed<'d>, arguments: Evaluate<'_>) -> Result<Logs> {
        self.compiled.needs_loss("evaluate")?;
        evaluate::evaluate(self, &mut BuiltIn, data.into_feed(), arguments)
    }

    /// The output for data, one row a sample; targets are ignored.
    ///
    /// # Errors
    /// Data of the wrong shape, or a model of several outputs.
    pub fn predict<'d>(&mut self, data: impl IntoFeed<'d>) -> Result<ArrayD<f32>> {
        predict::only(self.predict_with(data, Evaluate::new())?)
    }

    /// The outputs for data, an array for each, with Keras' other arguments.
    ///
    /// # Errors
    /// Data of the wrong shape.
    pub fn predict_with<'d>(&mut self, data: impl IntoFeed<'d>, arguments: Evaluate<'_>) -> Result<Vec<ArrayD<f32>>> {
        predict::predict(self, &mut BuiltIn, data.into_feed(), arguments)
    }
}

/// What it is made of.
impl Model {
    /// Keras' table of layers, output shapes and parameters. Sizes that follow from an input that is not known yet are left open.
    ///
    /// # Errors
    /// What a layer refuses.
    pub fn summary(&self) -> Result<String> {
        self.build_if_known()?;
        self.network.summary(SUMMARY_COLUMNS)
    }

    /// Adds a loss of a value on the way from inputs to outputs: Keras' `model.add_loss(ops.sum(x) * 0.1)`.
    ///
    /// # Errors
    /// The node is not part of the model.
    pub fn add_loss(&mut self, node: &Node, loss: impl Fn(&Tensor) -> Tensor + Send + Sync + 'static) -> Result<()> {
        self.network.add_loss(node, loss)
    }

    /// Follows the mean of a value on the way from inputs to outputs: Keras' `model.add_metric(ops.std(x), name="std")`.
    ///
    /// # Errors
    /// The node is not part of the model.
    pub fn add_metric(
        &mut self,
        name: &str,
        node: &Node,
        metric: impl Fn(&Tensor) -> Tensor + Send + Sync + 'static,
    ) -> Result<()> {
        self.network.add_metric(node, name, metric)
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

    /// The values of all weights, in the order of [`Tree::weights`].
    ///
    /// # Errors
    /// The model is not built.
    pub fn get_weights(&self) -> Result<Vec<Value>> {
        self.tree()?.get_weights()
    }

    /// Gives all weights new values.
    ///
    /// # Errors
    /// The model is not built; another number of values, or other shapes: all are listed and nothing changes.
    pub fn set_weights(&mut self, values: &[Value]) -> Result<()> {
        self.tree()?.set_weights(values)
    }

    /// The weights, which are created now if there are none and the shapes of all inputs are known.
    pub(crate) fn built_tree(&self) -> Result<&Tree> {
        self.network.build_for(&[])?;
        self.tree()
    }

    /// Creates the weights if the shapes of all inputs are known, and leaves the model as it is otherwise.
    pub(crate) fn build_if_known(&self) -> Result<()> {
        match self.network.build_for(&[]) {
            Err(error) if error.kind() != ErrorKind::State => Err(error),
            _ => Ok(()),
        }
    }

    /// Creates the weights for a batch of a shape, if that has not happened.
    pub(crate) fn build_for(&self, batch: &[usize]) -> Result<()> {
        if self.network.is_built() || self.network.layer_names().is_empty() {
            return Ok(());
        }
        let sample = batch.get(1..).unwrap_or_default();
        self.network.build_for(&[Shape::new(sample)?])
    }

    /// Creates the weights, if the shape of the data is known before the first batch.
    pub(crate) fn build_for_batches(&self, batches: &Batches<'_>) -> Result<()> {
        batches.shape.as_deref().map_or(Ok(()), |shape| self.build_for(shape))
    }

    /// What inputs and outputs are called.
    pub(crate) fn names(&self) -> Names {
        let owned = |names: Result<Vec<&str>>| names.unwrap_or_default().into_iter().map(str::to_string).collect();
        Names { inputs: owned(self.network.input_names()), outputs: owned(self.network.output_names()) }
    }

    /// How many steps were taken.
    pub(crate) fn counts(&self) -> Counts {
        let updates = self.compiled.optimizer.as_ref().map_or(0, crisol_optim::Optimizer::iterations);
        Counts { seen_steps: self.seen_steps, updates }
    }

    /// Counts steps since then as not taken: they failed when they were evaluated, and changed nothing.
    pub(crate) fn go_back_to(&mut self, before: Counts) {
        self.seen_steps = before.seen_steps;
        if let Some(optimizer) = &mut self.compiled.optimizer {
            optimizer.take_back(optimizer.iterations().saturating_sub(before.updates));
        }
    }

    /// The factor by which the optimizer wants losses scaled, applied: what a step takes gradients of. The loss itself, mostly.
    pub fn scale_loss(&self, loss: &Tensor) -> Tensor {
        self.compiled.optimizer.as_ref().map_or_else(|| loss.clone(), |optimizer| optimizer.scale_loss(loss))
    }

    /// Begins or ends a step of `fit`.
    pub(crate) fn enter_step(&mut self, key: Option<Key>) {
        self.in_step = key;
        self.passes.store(0, Ordering::Relaxed);
    }
}
