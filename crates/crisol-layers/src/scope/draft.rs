//! A model that is being built: the weights and layers that a trace met, before there are values.

use crate::layer::Layer;
use crate::network::snake_case;
use crisol_params::{Initializer, Role, Tree, Weight, WeightSettings};
use crisol_tensor::random::Key;
use crisol_tensor::{DType, Error, ErrorKind, Result, Shape, Tensor, TensorType, Value};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// The weights of a model before they have values.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    weights: Vec<Planned>,
    places: HashMap<String, usize>,
    /// The layer at each path.
    layers: HashMap<String, Met>,
    /// The paths of layers as they are shown.
    labels: HashSet<String>,
    /// Trees that layers bring along, by the layer's path.
    donors: Vec<(String, Arc<Tree>)>,
    /// The paths of layers that begin frozen.
    frozen: Vec<String>,
    /// Whether all weights are known: a second pass may not ask for new ones.
    complete: bool,
}

#[derive(Debug)]
struct Met {
    type_name: &'static str,
    settings: String,
    label: String,
}

#[derive(Debug)]
struct Planned {
    path: String,
    label: String,
    ty: TensorType,
    role: Role,
    settings: WeightSettings,
    shared: Option<Weight>,
}

impl Draft {
    /// The draft, with all weights known.
    pub(super) fn completed(self) -> Draft {
        Draft { complete: true, ..self }
    }

    /// The shape of the weight at a path.
    pub(super) fn shape(&self, path: &str) -> Option<Shape> {
        self.places.get(path).map(|&place| self.weights[place].ty.shape)
    }

    /// Notes which layer lives at a path and what weights it brings along.
    pub(super) fn enter(&mut self, path: &str, outer: usize, shown: Option<&str>, layer: &dyn Layer) -> Result<()> {
        let type_name = layer.type_name();
        let brought = layer.own_weights();
        // A network says more about itself once it is built, so its settings are not compared.
        let settings = if brought.is_some() { String::new() } else { format!("{layer:?}") };
        if let Some(known) = self.layers.get(path) {
            let text = if known.type_name != type_name {
                format!("the layer at {path:?} is a {} and was called as a {type_name}", known.type_name)
            } else if known.settings != settings {
                format!("the layer at {path:?} is {} and was called as {settings}", known.settings)
            } else {
                return Ok(());
            };
            return Err(Error::new(ErrorKind::Name, text).help("give the two layers different names"));
        }
        let label = self.new_label(&path[..outer], shown, type_name);
        self.layers.insert(path.to_string(), Met { type_name, settings, label });
        if let Some(tree) = brought {
            self.donors.push((format!("{path}/"), tree));
        }
        if layer.begins_frozen() {
            self.frozen.push(path.to_string());
        }
        Ok(())
    }

    /// The path of a new layer as it is shown: counted within the layer around it.
    fn new_label(&mut self, outer: &str, shown: Option<&str>, type_name: &str) -> String {
        let outer = self.layers.get(outer).map(|layer| format!("{}/", layer.label)).unwrap_or_default();
        let base = format!("{outer}{}", shown.map_or_else(|| snake_case(type_name), str::to_string));
        let mut label = base.clone();
        let mut count = 0;
        while !self.labels.insert(label.clone()) {
            count += 1;
            label = format!("{base}_{count}");
        }
        label
    }

    /// Notes a weight; the type and role are those it was first asked for with.
    pub(super) fn plan(
        &mut self,
        path: &str,
        name: &str,
        ty: TensorType,
        role: Role,
        settings: &mut dyn FnMut() -> Option<WeightSettings>,
    ) -> Result<(TensorType, Role)> {
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
                let outer = path.strip_suffix(name).and_then(|outer| self.layers.get(outer.trim_end_matches('/')));
                let label = outer.map_or_else(|| path.to_string(), |layer| format!("{}/{name}", layer.label));
                let settings = settings().ok_or_else(|| {
                    Error::new(ErrorKind::Internal, format!("the settings of {path:?} were taken before"))
                })?;
                let place = self.weights.len();
                self.places.insert(path.to_string(), place);
                self.weights.push(Planned { path: path.to_string(), label, ty, role, settings, shared });
                place
            }
        };
        Ok((self.weights[place].ty, self.weights[place].role))
    }

    /// The weights with their first values: those given, if any are, or what their initializers make.
    pub(crate) fn into_tree(self, key: Key, mut given: Option<BTreeMap<String, Value>>) -> Result<Tree> {
        if let Some(given) = &given {
            self.check(given)?;
        }
        let mut tree = Tree::new(key);
        for Planned { path, label, ty, role, settings, shared } in &self.weights {
            match shared {
                Some(weight) => tree.share(path, weight)?,
                None => {
                    let value = given.as_mut().and_then(|given| given.remove(path)).map(Given);
                    let initializer = value.as_ref().map_or(&*settings.initializer, |value| value as &dyn Initializer);
                    tree.create(path, ty.shape, ty.dtype, *role, initializer)?
                }
            };
            tree.describe(path, label, settings)?;
        }
        for path in &self.frozen {
            if tree.under(path).next().is_some() {
                tree.freeze(path)?;
            }
        }
        tree.seal()?;
        Ok(tree)
    }

    /// An error unless there is one value for each weight; it lists all that differs.
    fn check(&self, given: &BTreeMap<String, Value>) -> Result<()> {
        let mut wrong = Vec::new();
        for Planned { path, ty, .. } in &self.weights {
            let found = given.get(path).map(|value| value.shape().map(|shape| TensorType::new(value.dtype(), shape)));
            match found.transpose()? {
                Some(found) if found.dtype == ty.dtype && found.shape == ty.shape => {}
                Some(found) => wrong.push(format!("{path} is {found}, expected {ty}")),
                None => wrong.push(format!("{path} is missing")),
            }
        }
        let unexpected = given.keys().filter(|path| !self.places.contains_key(*path));
        wrong.extend(unexpected.map(|path| format!("{path} is unexpected")));
        if wrong.is_empty() { Ok(()) } else { Err(Error::new(ErrorKind::Format, wrong.join("; "))) }
    }
}

/// A value as the first of a weight.
#[derive(Debug)]
struct Given(Value);

impl Initializer for Given {
    fn initialize(&self, _shape: Shape, _dtype: DType, _key: Key) -> Result<Tensor> {
        Ok(Tensor::from_value(self.0.clone()))
    }
}

/// The error of a weight that the first pass did not ask for.
pub(super) fn new_name(path: &str, ty: TensorType) -> Error {
    let text = format!("{path:?} of {ty} was not asked for when the model was built");
    Error::new(ErrorKind::State, text).operation("weight").help("a layer must ask for the same weights in every call")
}
