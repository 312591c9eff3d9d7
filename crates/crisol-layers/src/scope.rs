//! The scope that a layer is called in: it gives weights, state and random keys by the layer's path, and collects losses.

use crate::layer::Layer;
use crate::state::State;
use crisol_params::{Initializer, Role, Tree, Weight, path_key};
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
    /// From a method that returns no `Result`; raised at the boundary of the layer that caused it.
    error: Option<Error>,
}

#[derive(Debug)]
enum Store {
    /// A built model.
    Tree(Arc<Tree>),
    /// A model that is being built: only types are known.
    Draft(Draft, Trace),
}

/// The weights of a model before they have values.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    weights: Vec<Planned>,
    places: HashMap<String, usize>,
    /// The type of the layer at each path.
    layers: HashMap<String, &'static str>,
    /// Trees that layers bring along, by the layer's path.
    donors: Vec<(String, Arc<Tree>)>,
    /// Whether all weights are known: a second pass may not ask for new ones.
    complete: bool,
}

#[derive(Debug)]
struct Planned {
    path: String,
    ty: TensorType,
    role: Role,
    initializer: Arc<dyn Initializer>,
    shared: Option<Weight>,
}

/// The scope for layers.
impl Scope {
    /// The weight with the given name of this layer: created when the model is built, the same ever after.
    ///
    /// A weight that exists in another shape gives a tensor that carries the error.
    #[track_caller]
    pub fn weight<S>(&mut self, name: &str, shape: S, initializer: impl Initializer + 'static) -> Tensor
    where
        S: TryInto<Shape>,
        Error: From<S::Error>,
    {
        let location = Location::caller();
        let found = self.find(name, shape, Role::Weight, initializer);
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
        let found = match self.find(name, shape, Role::State, initializer) {
            Ok(found) => found,
            Err(error) => {
                let value = Tensor::failed(error.clone().at(location));
                self.error.get_or_insert(error.at(location));
                return State::new(None, TensorType::new(self.dtype, Shape::SCALAR), value);
            }
        };
        let path = self.path_of(name);
        let known = self.states.entry(path).or_insert_with(|| State::new(found.variable, found.ty, found.value));
        debug_assert_eq!(known.ty(), found.ty, "a state has one type");
        known.clone()
    }

    /// Calls a layer inside of this one. The name is the key to its weights.
    ///
    /// # Errors
    /// What the layer returns, with its name and description; or a name that another type of layer has.
    pub fn layer(&mut self, name: &str, layer: &dyn Layer, x: &Tensor) -> Result<Tensor> {
        self.layer_many(name, layer, std::slice::from_ref(x))
    }

    /// Calls a layer of several inputs inside of this one.
    ///
    /// # Errors
    /// As [`Scope::layer`].
    pub fn layer_many(&mut self, name: &str, layer: &dyn Layer, inputs: &[Tensor]) -> Result<Tensor> {
        let mut cast = Vec::with_capacity(inputs.len());
        for input in inputs {
            let dtype = input.dtype()?;
            cast.push(match dtype.is_float() && dtype != self.dtype {
                true => input.cast(self.dtype),
                false => input.clone(),
            });
        }
        let outer = self.path.len();
        if !self.path.is_empty() {
            self.path.push('/');
        }
        self.path.push_str(name);
        let result = self.enter(layer).and_then(|()| layer.call_many(self, &cast));
        let result = result.and_then(|output| self.take_error().and_then(|()| output.check()).map(|()| output));
        let result = result.map_err(|error| error.layer(format!("{name} ({})", layer.describe(self))));
        self.path.truncate(outer);
        result
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

    /// The losses that layers added in this pass so far.
    pub fn losses(&self) -> &[Tensor] {
        &self.losses
    }

    /// Whether this pass is for training.
    pub fn training(&self) -> bool {
        self.mode == Mode::Training
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
            Store::Draft(draft, _) => draft.places.get(&path).map(|&place| draft.weights[place].ty.shape),
        }
    }
}

/// The scope for models.
impl Scope {
    /// A forward pass of a built model.
    pub(crate) fn new(tree: Arc<Tree>, mode: Mode, dtype: DType, key: Key) -> Scope {
        Scope::with(Store::Tree(tree), mode, dtype, key)
    }

    /// A pass that finds out weights and shapes.
    pub(crate) fn trace(draft: Draft, dtype: DType) -> Scope {
        Scope::with(Store::Draft(draft, Trace::new()), Mode::Training, dtype, Key::new(0))
    }

    fn with(store: Store, mode: Mode, dtype: DType, key: Key) -> Scope {
        Scope {
            path: String::new(),
            mode,
            dtype,
            key,
            draws: HashMap::new(),
            store,
            states: HashMap::new(),
            losses: Vec::new(),
            error: None,
        }
    }

    /// An input of a trace.
    pub(crate) fn trace_input(&self, ty: TensorType) -> Result<Tensor> {
        match &self.store {
            Store::Draft(_, trace) => Ok(trace.input(ty)),
            Store::Tree(_) => Err(Error::new(ErrorKind::Internal, "a trace's input in a forward pass")),
        }
    }

    /// Keeps the state that layers assigned and returns the losses.
    pub(crate) fn commit(self) -> Result<Vec<Tensor>> {
        self.states.values().try_for_each(State::commit)?;
        Ok(self.losses)
    }

    /// The weights that a trace found, complete from now on.
    pub(crate) fn into_draft(self) -> Result<Draft> {
        match self.store {
            Store::Draft(draft, _) => Ok(Draft { complete: true, ..draft }),
            Store::Tree(_) => Err(Error::new(ErrorKind::Internal, "the draft of a built model")),
        }
    }

    fn path_of(&self, name: &str) -> String {
        match self.path.is_empty() {
            true => name.to_string(),
            false => format!("{}/{name}", self.path),
        }
    }

    /// Notes, while a model is built, which layer lives at this path and what weights it brings along.
    fn enter(&mut self, layer: &dyn Layer) -> Result<()> {
        let Store::Draft(draft, _) = &mut self.store else { return Ok(()) };
        let (path, name) = (&self.path, layer.type_name());
        let known = *draft.layers.entry(path.clone()).or_insert(name);
        if known != name {
            let text = format!("the layer at {path:?} is a {known} and was called as a {name}");
            return Err(Error::new(ErrorKind::Name, text).help("give the two layers different names"));
        }
        if let Some(tree) = layer.own_weights()
            && !draft.complete
        {
            draft.donors.push((format!("{path}/"), tree));
        }
        Ok(())
    }

    /// The first error that a method without a `Result` met.
    fn take_error(&mut self) -> Result<()> {
        let error = self.error.take().or_else(|| self.states.values().find_map(State::take_error));
        error.map_or(Ok(()), Err)
    }

    fn find<S>(&mut self, name: &str, shape: S, role: Role, initializer: impl Initializer + 'static) -> Result<Found>
    where
        S: TryInto<Shape>,
        Error: From<S::Error>,
    {
        let ty = TensorType::new(self.dtype, shape.try_into()?);
        let outer = self.path.len();
        if outer > 0 {
            self.path.push('/');
        }
        self.path.push_str(name);
        let found = self.find_at_path(ty, role, initializer);
        self.path.truncate(outer);
        let (known, known_role, found) = found?;
        if (known, known_role) != (ty, role) {
            let word = |role| if role == Role::Weight { "weight" } else { "state" };
            let text =
                format!("{name:?} is a {} of {known} and was asked for as a {} of {ty}", word(known_role), word(role));
            return Err(Error::new(ErrorKind::Shape, text)
                .operation("weight")
                .help("the shapes of weights follow from the input that a layer was built for"));
        }
        Ok(found)
    }

    /// The weight at the path, its type and role, which may not be those that were asked for.
    fn find_at_path(
        &mut self,
        ty: TensorType,
        role: Role,
        initializer: impl Initializer + 'static,
    ) -> Result<(TensorType, Role, Found)> {
        match &mut self.store {
            Store::Tree(tree) => {
                let weight = tree.get(&self.path).ok_or_else(|| new_name(&self.path, ty))?;
                let variable = weight.variable();
                let known = TensorType::new(variable.dtype(), variable.shape());
                Ok((known, weight.role(), Found { ty, value: variable.value(), variable: Some(variable.clone()) }))
            }
            Store::Draft(draft, trace) => {
                let planned = draft.plan(&self.path, ty, role, initializer)?;
                Ok((planned.ty, planned.role, Found { ty, value: trace.input(ty), variable: None }))
            }
        }
    }
}

struct Found {
    ty: TensorType,
    value: Tensor,
    variable: Option<crisol_tensor::Variable>,
}

fn new_name(path: &str, ty: TensorType) -> Error {
    let text = format!("{path:?} of {ty} was not asked for when the model was built");
    Error::new(ErrorKind::State, text).operation("weight").help("a layer must ask for the same weights in every call")
}

impl Draft {
    fn plan(
        &mut self,
        path: &str,
        ty: TensorType,
        role: Role,
        initializer: impl Initializer + 'static,
    ) -> Result<&Planned> {
        let place = match self.places.get(path) {
            Some(&place) => place,
            None if self.complete => return Err(new_name(path, ty)),
            None => {
                let shared =
                    self.donors.iter().find_map(|(prefix, tree)| tree.get(path.strip_prefix(prefix)?)).cloned();
                let ty = match &shared {
                    Some(weight) => TensorType::new(weight.variable().dtype(), weight.variable().shape()),
                    None => ty,
                };
                let place = self.weights.len();
                self.places.insert(path.to_string(), place);
                let initializer = Arc::new(initializer);
                self.weights.push(Planned { path: path.to_string(), ty, role, initializer, shared });
                place
            }
        };
        Ok(&self.weights[place])
    }

    /// The weights with their first values.
    pub(crate) fn into_tree(self, key: Key) -> Result<Tree> {
        let mut tree = Tree::new(key);
        for Planned { path, ty, role, initializer, shared } in &self.weights {
            match shared {
                Some(weight) => tree.share(path, weight)?,
                None => tree.create(path, ty.shape, ty.dtype, *role, &**initializer)?,
            };
        }
        tree.seal()?;
        Ok(tree)
    }
}
