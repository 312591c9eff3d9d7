//! The scope that a layer is called in: it gives weights, state and random keys by the layer's path, and collects losses.

mod draft;
mod pass;

pub(crate) use draft::Draft;

use crate::layer::Layer;
use crate::state::State;
use crisol_params::{Initializer, Regularizer, Role, Tree, WeightSettings, path_key};
use crisol_tensor::random::Key;
use crisol_tensor::{DType, Error, ErrorKind, Result, Shape, Tensor, TensorType, Trace};
use std::collections::HashMap;
use std::panic::Location;
use std::sync::Arc;

/// What a model is called for: dropout and its like act only in training.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// A step that learns.
    Training,
    /// A prediction or an evaluation.
    Inference,
}

/// What a layer's call gets: its weights, its state, randomness, and the layers inside of it.
///
/// A scope is one forward pass: what layers assign to their state is kept only if the whole pass succeeds.
#[derive(Debug)]
pub struct Scope {
    path: String,
    mode: Mode,
    dtype: DType,
    key: Key,
    /// How often each path drew a key.
    draws: HashMap<String, u64>,
    store: Store,
    states: HashMap<String, State>,
    losses: Vec<Tensor>,
    metrics: Vec<(String, Tensor)>,
    /// Tensors whose steps do not all count, with what says which do.
    masks: Vec<(Tensor, Tensor)>,
    /// The weights that the current call has asked for, while a model is built.
    asked: Vec<(String, TensorType, &'static Location<'static>)>,
    /// From a method that returns no `Result`; raised at the boundary of the layer that caused it.
    error: Option<Error>,
}

#[derive(Debug)]
enum Store {
    /// A built model.
    Tree(Arc<Tree>),
    /// A model that is being built: only types are known.
    Draft(Box<Draft>, Trace),
}

/// The scope for layers.
impl Scope {
    /// The weight with the given name of this layer: created when the model is built, the same ever after.
    ///
    /// A weight that exists in another shape, or a name that this call has used before, gives a tensor that carries the error.
    #[track_caller]
    pub fn weight<S>(&mut self, name: &str, shape: S, initializer: impl Initializer + 'static) -> Tensor
    where
        S: TryInto<Shape>,
        Error: From<S::Error>,
    {
        let location = Location::caller();
        let mut initializer = Some(initializer);
        let mut settings = || initializer.take().map(WeightSettings::new);
        let found = self.find(name, shape.try_into().map_err(Error::from), Role::Weight, location, &mut settings);
        found.map(|found| found.value).map_err(|error| error.at(location)).into()
    }

    /// As [`Scope::weight`], with what the weight costs and where it may be.
    #[track_caller]
    pub fn weight_with<S>(&mut self, name: &str, shape: S, settings: &WeightSettings) -> Tensor
    where
        S: TryInto<Shape>,
        Error: From<S::Error>,
    {
        let location = Location::caller();
        let mut settings = || Some(settings.clone());
        let found = self.find(name, shape.try_into().map_err(Error::from), Role::Weight, location, &mut settings);
        found.map(|found| found.value).map_err(|error| error.at(location)).into()
    }

    /// The state with the given name of this layer: a value that it keeps from call to call and no optimizer changes.
    #[track_caller]
    pub fn state<S>(&mut self, name: &str, shape: S, initializer: impl Initializer + 'static) -> State
    where
        S: TryInto<Shape>,
        Error: From<S::Error>,
    {
        let location = Location::caller();
        let mut initializer = Some(initializer);
        let mut settings = || initializer.take().map(WeightSettings::new);
        let found = self.find(name, shape.try_into().map_err(Error::from), Role::State, location, &mut settings);
        self.found_state(name, found, location)
    }

    /// Calls a layer inside of this one. The name is the key to its weights.
    ///
    /// # Errors
    /// What the layer returns, with its name and description; or a name that a layer of another type or other settings has.
    pub fn layer(&mut self, name: &str, layer: &dyn Layer, x: &Tensor) -> Result<Tensor> {
        self.layer_many(name, layer, std::slice::from_ref(x))
    }

    /// Calls a layer of several inputs inside of this one.
    ///
    /// # Errors
    /// As [`Scope::layer`].
    pub fn layer_many(&mut self, name: &str, layer: &dyn Layer, inputs: &[Tensor]) -> Result<Tensor> {
        let mut outputs = self.layer_all(name, layer, inputs)?;
        match (outputs.pop(), outputs.len()) {
            (Some(output), 0) => Ok(output),
            (_, more) => {
                let text = format!("{name} has {} outputs, expected one", more + 1);
                Err(Error::new(ErrorKind::Value, text).help("call it with layer_all"))
            }
        }
    }

    /// Calls a layer of several inputs and outputs inside of this one.
    ///
    /// # Errors
    /// As [`Scope::layer`].
    pub fn layer_all(&mut self, name: &str, layer: &dyn Layer, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
        self.call_layer(name, layer.given_name(), layer, inputs)
    }

    /// Adds a scalar to the losses of this pass.
    #[track_caller]
    pub fn add_loss(&mut self, loss: impl Into<Tensor>) {
        let loss = loss.into();
        match loss.shape() {
            Ok(Shape::SCALAR) => self.losses.push(loss),
            Ok(shape) => {
                let text = format!("expected a scalar, found shape {shape}");
                let error = Error::new(ErrorKind::Shape, text).operation("add_loss").at(Location::caller());
                self.error.get_or_insert(error.help("reduce it with sum_all or mean_all"));
            }
            Err(error) => {
                self.error.get_or_insert(error);
            }
        }
    }

    /// Adds what a layer's output costs to the losses of this pass, divided by the size of the batch, as Keras does.
    ///
    /// # Errors
    /// What the regularizer refuses.
    pub fn add_activity_loss(&mut self, regularizer: Option<&dyn Regularizer>, output: &Tensor) -> Result<()> {
        if let Some(regularizer) = regularizer {
            let batch = if output.rank()? > 0 { output.dim(0)? } else { 1 };
            self.add_loss(regularizer.loss(output)? / batch as f64);
        }
        Ok(())
    }

    /// Reports a scalar under a name, as a metric of the model: `fit` shows its mean over the batches of an epoch.
    #[track_caller]
    pub fn add_metric(&mut self, name: &str, value: impl Into<Tensor>) {
        let value = value.into();
        let problem = match value.shape() {
            Ok(Shape::SCALAR) if self.metrics.iter().any(|(known, _)| known == name) => {
                let text = format!("two metrics are named {name:?}");
                Error::new(ErrorKind::Name, text).help("give each metric of a model a name of its own")
            }
            Ok(Shape::SCALAR) => return self.metrics.push((name.to_string(), value)),
            Ok(shape) => {
                let text = format!("{name:?}: expected a scalar, found shape {shape}");
                Error::new(ErrorKind::Shape, text).help("reduce it with mean_all")
            }
            Err(error) => error,
        };
        self.error.get_or_insert(problem.operation("add_metric").at(Location::caller()));
    }

    /// Which steps of a tensor count, `[batch, steps]` of truth values, if not all do.
    pub fn mask(&self, x: &Tensor) -> Option<Tensor> {
        self.masks.iter().rev().find(|(known, _)| known.is_same(x)).map(|(_, mask)| mask.clone())
    }

    /// Says which steps of a tensor count, for the layers that it is given to.
    pub fn set_mask(&mut self, x: &Tensor, mask: &Tensor) {
        self.masks.push((x.clone(), mask.clone()));
    }

    /// The losses that layers added in this pass so far.
    pub fn losses(&self) -> &[Tensor] {
        &self.losses
    }

    /// Whether this pass is for training.
    pub fn training(&self) -> bool {
        self.mode == Mode::Training
    }

    /// Whether the state of the given name belongs to a frozen layer: batch normalization then keeps its statistics.
    pub fn is_frozen(&self, name: &str) -> bool {
        match &self.store {
            Store::Tree(tree) => tree.get(&self.path_of(name)).is_some_and(crisol_params::Weight::frozen),
            Store::Draft(..) => false,
        }
    }

    /// Whether the layer at a name inside of this one keeps states; no while a model is being built.
    pub(crate) fn has_states(&self, name: &str) -> bool {
        let inside = format!("{}/", self.path_of(name));
        match &self.store {
            Store::Tree(tree) => {
                tree.weights().iter().any(|weight| weight.role() == Role::State && weight.path().starts_with(&inside))
            }
            Store::Draft(..) => false,
        }
    }

    /// Whether only types are known: a model is being built.
    pub fn is_building(&self) -> bool {
        matches!(self.store, Store::Draft(..))
    }

    /// A new key for random numbers. It follows from the key of the step, the path of the layer and the count of its calls:
    /// other layers do not change it.
    pub fn key(&mut self) -> Key {
        let draws = match self.draws.get_mut(&self.path) {
            Some(draws) => draws,
            None => self.draws.entry(self.path.clone()).or_insert(0),
        };
        *draws += 1;
        path_key(self.key, &self.path).fold(*draws)
    }

    /// The names of the layers that lead here: `"encoder/dense_1"`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The element type of weights, and of what layers compute.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// The shape of a weight of this layer, if it exists.
    pub fn weight_shape(&self, name: &str) -> Option<Shape> {
        let path = self.path_of(name);
        match &self.store {
            Store::Tree(tree) => tree.get(&path).map(|weight| weight.variable().shape()),
            Store::Draft(draft, _) => draft.shape(&path),
        }
    }
}
