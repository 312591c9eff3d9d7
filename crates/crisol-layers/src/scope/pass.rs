//! A pass through a model: its beginning and end, calls of layers, weights found by path.

use super::draft::{Draft, new_name};
use super::{Mode, Scope, Store};
use crate::layer::Layer;
use crate::state::State;
use crisol_params::{Role, Tree, WeightSettings};
use crisol_tensor::random::Key;
use crisol_tensor::{DType, Error, ErrorKind, Result, Shape, Tensor, TensorType, Trace};
use std::borrow::Cow;
use std::collections::HashMap;
use std::panic::Location;
use std::sync::Arc;

/// What layers added in a pass.
#[derive(Debug)]
pub(crate) struct Passed {
    pub(crate) losses: Vec<Tensor>,
    pub(crate) metrics: Vec<(String, Tensor)>,
}

/// The scope for models.
impl Scope {
    /// A forward pass of a built model.
    pub(crate) fn new(tree: Arc<Tree>, mode: Mode, dtype: DType, key: Key) -> Scope {
        Scope::with(Store::Tree(tree), mode, dtype, key)
    }

    /// A pass that finds out weights and shapes.
    pub(crate) fn trace(draft: Draft, dtype: DType) -> Scope {
        Scope::with(Store::Draft(Box::new(draft), Trace::new()), Mode::Training, dtype, Key::new(0))
    }

    fn with(store: Store, mode: Mode, dtype: DType, key: Key) -> Scope {
        Scope {
            // Room for the paths of most weights, which are put together here one after the other.
            path: String::with_capacity(64),
            mode,
            dtype,
            key,
            draws: HashMap::new(),
            store,
            states: HashMap::new(),
            losses: Vec::new(),
            metrics: Vec::new(),
            masks: Vec::new(),
            asked: Vec::new(),
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

    /// Keeps the state that layers assigned and returns what they added.
    pub(crate) fn commit(self) -> Result<Passed> {
        let mut losses = self.losses;
        if let Store::Tree(tree) = &self.store {
            losses.extend(tree.regularization_losses()?);
        }
        self.states.values().try_for_each(State::commit)?;
        Ok(Passed { losses, metrics: self.metrics })
    }

    /// The weights that a trace found, complete from now on.
    pub(crate) fn into_draft(self) -> Result<Draft> {
        match self.store {
            Store::Draft(draft, _) => Ok((*draft).completed()),
            Store::Tree(_) => Err(Error::new(ErrorKind::Internal, "the draft of a built model")),
        }
    }

    /// Calls a layer at a name. Its weights are shown under `shown`, or under its type and a count.
    pub(crate) fn call_layer(
        &mut self,
        name: &str,
        shown: Option<&str>,
        layer: &dyn Layer,
        inputs: &[Tensor],
    ) -> Result<Vec<Tensor>> {
        let inputs = self.in_own_dtype(inputs)?;
        let outer = self.path.len();
        if !self.path.is_empty() {
            self.path.push('/');
        }
        self.path.push_str(name);
        let asked = std::mem::take(&mut self.asked);
        let result = self.enter(outer, shown, layer).and_then(|()| layer.call_all(self, &inputs));
        let result = result.and_then(|outputs| {
            self.take_error()?;
            outputs.iter().try_for_each(Tensor::check)?;
            Ok(outputs)
        });
        let result = result.map_err(|error| error.layer(format!("{name} ({})", layer.describe(self))));
        self.asked = asked;
        self.path.truncate(outer);
        let outputs = result?;
        if !self.masks.is_empty() && layer.passes_mask() {
            self.pass_mask(&inputs, &outputs);
        }
        Ok(outputs)
    }

    /// The inputs of a layer in the element type that layers compute in, with their masks.
    fn in_own_dtype<'a>(&mut self, inputs: &'a [Tensor]) -> Result<Cow<'a, [Tensor]>> {
        let mut cast = Cow::Borrowed(inputs);
        for (place, input) in inputs.iter().enumerate() {
            let dtype = input.dtype()?;
            if dtype.is_float() && dtype != self.dtype {
                let input_cast = input.cast(self.dtype);
                if let Some(mask) = self.mask(input) {
                    self.set_mask(&input_cast, &mask);
                }
                cast.to_mut()[place] = input_cast;
            }
        }
        Ok(cast)
    }

    /// The outputs' steps count that count in the first input with a mask.
    fn pass_mask(&mut self, inputs: &[Tensor], outputs: &[Tensor]) {
        let Some(mask) = inputs.iter().find_map(|input| self.mask(input)) else { return };
        for output in outputs {
            if self.mask(output).is_none() {
                self.set_mask(output, &mask);
            }
        }
    }

    pub(super) fn path_of(&self, name: &str) -> String {
        match self.path.is_empty() {
            true => name.to_string(),
            false => format!("{}/{name}", self.path),
        }
    }

    /// Notes, while a model is built, which layer lives at this path, `outer` letters of which lead to the layer around it.
    fn enter(&mut self, outer: usize, shown: Option<&str>, layer: &dyn Layer) -> Result<()> {
        match &mut self.store {
            Store::Draft(draft, _) => draft.enter(&self.path, outer, shown, layer),
            Store::Tree(_) => Ok(()),
        }
    }

    /// The first error that a method without a `Result` met.
    pub(crate) fn take_error(&mut self) -> Result<()> {
        let error = self.error.take().or_else(|| self.states.values().find_map(State::take_error));
        error.map_or(Ok(()), Err)
    }

    /// The weight or state of a name; its settings are taken if it is new.
    pub(super) fn find(
        &mut self,
        name: &str,
        shape: Result<Shape>,
        role: Role,
        location: &'static Location<'static>,
        settings: &mut dyn FnMut() -> Option<WeightSettings>,
    ) -> Result<Found> {
        let ty = TensorType::new(self.dtype, shape?);
        let outer = self.path.len();
        if outer > 0 {
            self.path.push('/');
        }
        self.path.push_str(name);
        let found = self.find_at_path(name, ty, role, location, settings);
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

    /// The state that was found, the same one whenever it is asked for in a pass.
    pub(super) fn found_state(
        &mut self,
        name: &str,
        found: Result<Found>,
        location: &'static Location<'static>,
    ) -> State {
        let found = match found {
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

    /// The weight at the path, its type and role, which may not be those that were asked for.
    fn find_at_path(
        &mut self,
        name: &str,
        ty: TensorType,
        role: Role,
        location: &'static Location<'static>,
        settings: &mut dyn FnMut() -> Option<WeightSettings>,
    ) -> Result<(TensorType, Role, Found)> {
        match &mut self.store {
            Store::Tree(tree) => {
                let weight = tree.get(&self.path).ok_or_else(|| new_name(&self.path, ty))?;
                let variable = weight.variable();
                let known = TensorType::new(variable.dtype(), variable.shape());
                Ok((known, weight.role(), Found { ty, value: variable.value(), variable: Some(variable.clone()) }))
            }
            Store::Draft(draft, trace) => {
                if role == Role::Weight {
                    if let Some((_, other, at)) = self.asked.iter().find(|(known, ..)| known == name) {
                        let text = format!("two weights are named {name:?}: {other} ({at}) and {ty} ({location})");
                        return Err(Error::new(ErrorKind::Name, text)
                            .operation("weight")
                            .help("a layer gives each of its weights a name of its own"));
                    }
                    self.asked.push((name.to_string(), ty, location));
                }
                let (known, known_role) = draft.plan(&self.path, name, ty, role, settings)?;
                Ok((known, known_role, Found { ty, value: trace.input(ty), variable: None }))
            }
        }
    }
}

/// A weight or state that was asked for.
pub(super) struct Found {
    pub(super) ty: TensorType,
    pub(super) value: Tensor,
    pub(super) variable: Option<crisol_tensor::Variable>,
}
