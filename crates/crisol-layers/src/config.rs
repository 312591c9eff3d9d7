//! Layers and networks as JSON, and back through a registry of the types that may stand in a file.

use crate::*;
use crisol_params::read_settings;
use crisol_tensor::{Error, ErrorKind, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::any::type_name;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Makes a layer from its settings.
type Read = fn(&Registry, &Value) -> Result<Arc<dyn Layer>>;

/// The types of layers that a file may name: all of this crate's, and those that are registered.
///
/// ```
/// use crisol_layers::{Dense, Input, Layer, Network, Registry, Scope};
/// use crisol_tensor::{Result, Tensor};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, Serialize, Deserialize)]
/// struct Scale {
///     factor: f64,
/// }
///
/// impl Layer for Scale {
///     fn call(&self, _cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
///         Ok(x * self.factor)
///     }
///
///     fn config(&self) -> Result<serde_json::Value> {
///         Registry::config_of(self)
///     }
/// }
///
/// let network = Network::sequential((Input::new([3]), Scale { factor: 0.5 }, Dense::new(2))).build()?;
/// let config = network.to_config()?;
/// let again = Network::from_config(&config, Registry::new().register::<Scale>())?.build()?;
/// assert_eq!(again.layer_names(), ["scale", "dense"]);
/// assert!(Network::from_config(&config, &Registry::new()).is_err());
/// # Ok::<(), crisol_tensor::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Registry {
    read: BTreeMap<&'static str, Read>,
}

impl Registry {
    /// The layers of this crate.
    pub fn new() -> Registry {
        let mut registry = Registry { read: BTreeMap::new() };
        crate::register(&mut registry);
        registry
            .read
            .insert("TimeDistributed", |registry, config| Ok(Arc::new(TimeDistributed::read(registry, config)?)));
        registry.read.insert("Sequential", |registry, config| Ok(Arc::new(Network::from_config(config, registry)?)));
        registry.read.insert("Functional", |registry, config| Ok(Arc::new(Network::from_config(config, registry)?)));
        registry
    }

    /// Lets files name a layer of one's own, by the name of its type.
    pub fn register<L: Layer + DeserializeOwned>(&mut self) -> &mut Registry {
        self.read.insert(short_name(type_name::<L>()), |_, config| match read_settings::<L>(config) {
            Ok(layer) => Ok(Arc::new(layer)),
            Err(error) => Err(wrong_settings(type_name::<L>(), &error)),
        });
        self
    }

    /// The names of all types.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.read.keys().copied()
    }

    /// The settings of a layer of one's own, as [`Layer::config`] returns them.
    ///
    /// # Errors
    /// Settings that JSON cannot hold, such as a function without a name.
    pub fn config_of(layer: &impl Serialize) -> Result<Value> {
        of(layer)
    }

    /// The layer of a record `{"type", "config", ..}`.
    pub(crate) fn layer(&self, record: &Value) -> Result<Arc<dyn Layer>> {
        let name = record["type"].as_str().unwrap_or_default();
        match self.read.get(name) {
            Some(read) => read(self, &record["config"]),
            None => Err(self.unknown(&[name.to_string()])),
        }
    }

    /// The error of a config that names types that are not registered; all of them at once.
    pub(crate) fn check(&self, config: &Value) -> Result<()> {
        let mut named = BTreeSet::new();
        types(config, &mut named);
        let unknown: Vec<String> =
            named.into_iter().filter(|name| name != "Input" && !self.read.contains_key(name.as_str())).collect();
        if unknown.is_empty() { Ok(()) } else { Err(self.unknown(&unknown)) }
    }

    fn unknown(&self, names: &[String]) -> Error {
        let text = format!("types of layers that are not registered: {}", names.join(", "));
        Error::new(ErrorKind::Name, text).help("add them with Registry::register")
    }
}

impl Default for Registry {
    fn default() -> Registry {
        Registry::new()
    }
}

/// The settings of a layer.
pub(crate) fn of(layer: &impl Serialize) -> Result<Value> {
    serde_json::to_value(layer).map_err(no_json)
}

fn no_json(error: serde_json::Error) -> Error {
    Error::new(ErrorKind::Unsupported, error.to_string()).operation("config")
}

/// A layer in a file.
pub(crate) fn record(layer: &dyn Layer) -> Result<Value> {
    Ok(json!({ "type": layer.type_name(), "config": layer.config()? }))
}

/// The types of all records in a value.
fn types(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            if let (Some(Value::String(name)), Some(_)) = (map.get("type"), map.get("config")) {
                found.insert(name.clone());
            }
            map.values().for_each(|value| types(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| types(value, found)),
        _ => {}
    }
}

fn wrong_settings(path: &'static str, error: &serde_json::Error) -> Error {
    Error::new(ErrorKind::Format, format!("the settings of a {}: {error}", short_name(path)))
}

/// The name of a type, without its path and parameters.
pub(crate) fn short_name(path: &'static str) -> &'static str {
    let path = path.split('<').next().unwrap_or(path);
    path.rsplit("::").next().unwrap_or(path)
}
