//! A network's layers as JSON, and back. Weights are not part of it.

use super::graph::{Call, Entry, EntryKind, Graph, Item, ItemKind, Part};
use super::{Kind, Network};
use crate::config::{Registry, record};
use crate::labeled::Labeled;
use crate::layer::Layer;
use crate::node::{Input, InputType};
use crisol_params::read_settings;
use crisol_tensor::{DType, Error, ErrorKind, Result, Shape};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::panic::Location;
use std::sync::Arc;

/// A network in a file.
#[derive(Serialize, Deserialize)]
struct Stored {
    name: Option<String>,
    dtype: String,
    sequential: bool,
    layers: Vec<StoredLayer>,
    calls: Vec<StoredCall>,
    inputs: Vec<usize>,
    outputs: Vec<[usize; 2]>,
}

#[derive(Serialize, Deserialize)]
struct StoredLayer {
    name: String,
    #[serde(rename = "type")]
    type_name: String,
    config: Value,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    frozen: bool,
}

#[derive(Serialize, Deserialize)]
struct StoredInput {
    /// Absent if it is that of the first data.
    shape: Option<Vec<usize>>,
    dtype: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct StoredCall {
    layer: usize,
    inputs: Vec<[usize; 2]>,
    turn: usize,
}

/// Layers as JSON.
impl Network {
    /// What [`Network::from_config`] makes the same network from, without its weights.
    ///
    /// # Errors
    /// A layer that cannot be saved, which the error names, or losses and metrics that were added as functions.
    pub fn to_config(&self) -> Result<Value> {
        let graph = self.graph()?;
        if !graph.added.is_empty() {
            let text = "losses and metrics that were added to a network as functions cannot be saved";
            return Err(Error::new(ErrorKind::Unsupported, text).help("add them again to the loaded network"));
        }
        let layers = graph.layers.iter().map(|entry| {
            let name = entry.name.clone();
            match &entry.kind {
                EntryKind::Input(ty) => {
                    let shape = ty.shape.as_ref().ok().map(|shape| shape.to_vec());
                    let config = json!(StoredInput { shape, dtype: ty.dtype.map(|dtype| dtype.to_string()) });
                    Ok(StoredLayer { name, type_name: "Input".to_string(), config, frozen: false })
                }
                EntryKind::Layer(layer) => {
                    let record = record(&**layer).map_err(|error| error.layer(name.clone()))?;
                    let type_name = layer.type_name().to_string();
                    Ok(StoredLayer { name, type_name, config: record["config"].clone(), frozen: layer.begins_frozen() })
                }
            }
        });
        let pair = |part: &Part| [part.call, part.output];
        let stored = Stored {
            name: self.name.clone(),
            dtype: self.dtype.to_string(),
            sequential: matches!(self.kind, Kind::Sequential(_)),
            layers: layers.collect::<Result<_>>()?,
            calls: graph
                .calls
                .iter()
                .map(|call| StoredCall {
                    layer: call.layer,
                    inputs: call.inputs.iter().map(pair).collect(),
                    turn: call.turn,
                })
                .collect(),
            inputs: graph.inputs.clone(),
            outputs: graph.outputs.iter().map(pair).collect(),
        };
        crate::config::of(&stored)
    }

    /// The network that [`Network::to_config`] told, with layers of the types in the registry. It has no weights before it is built.
    ///
    /// # Errors
    /// Types that are not registered, all of them at once; settings that a layer does not take; a config that is damaged.
    #[track_caller]
    pub fn from_config(config: &Value, registry: &Registry) -> Result<Network> {
        registry.check(config)?;
        let stored: Stored = read_settings(config).map_err(|error| damaged(&error.to_string()))?;
        let location = Location::caller();
        let mut layers = Vec::new();
        for StoredLayer { name, type_name, config, frozen } in &stored.layers {
            let kind = match type_name.as_str() {
                "Input" => EntryKind::Input(input_type(name, config)?),
                _ => {
                    let layer = registry.layer(&json!({ "type": type_name, "config": config }));
                    let layer = layer.map_err(|error| error.layer(name.clone()))?;
                    EntryKind::Layer(Arc::new(Labeled { layer, name: Some(name.clone()), frozen: *frozen }))
                }
            };
            layers.push(Entry { name: name.clone(), kind });
        }
        let mut network = match stored.sequential {
            true => Network::new(Kind::Sequential(items(&layers, location)), Ok(Graph::default())),
            false => Network::new(Kind::Functional, Ok(graph(&stored, layers, location)?)),
        };
        if let Kind::Sequential(items) = &network.kind {
            network.graph = Graph::chain(items);
        }
        network.name = stored.name;
        network.dtype = dtype(&stored.dtype)?;
        Ok(network)
    }
}

/// The list of a sequential network.
fn items(layers: &[Entry], location: &'static Location<'static>) -> Vec<Item> {
    let mut items = Vec::new();
    for entry in layers {
        let kind = match &entry.kind {
            EntryKind::Layer(layer) => ItemKind::Layer(Arc::clone(layer)),
            EntryKind::Input(ty) if ty.shape.is_ok() => ItemKind::Node(Input::of(ty.clone())),
            EntryKind::Input(_) => continue,
        };
        items.push(Item { kind, location });
    }
    items
}

/// The graph of a functional network; places in it are checked.
fn graph(stored: &Stored, layers: Vec<Entry>, location: &'static Location<'static>) -> Result<Graph> {
    let part = |[call, output]: [usize; 2], before: usize| match call < before {
        true => Ok(Part { call, output }),
        false => Err(damaged(&format!("call {call} does not come before {before}"))),
    };
    let mut calls = Vec::new();
    for (place, call) in stored.calls.iter().enumerate() {
        if call.layer >= layers.len() {
            return Err(damaged(&format!("there is no layer {}", call.layer)));
        }
        let inputs = call.inputs.iter().map(|&input| part(input, place)).collect::<Result<Vec<Part>>>()?;
        calls.push(Call { layer: call.layer, inputs, location, turn: call.turn, node: None });
    }
    if stored.inputs.iter().any(|&input| !matches!(layers.get(input), Some(Entry { kind: EntryKind::Input(_), .. }))) {
        return Err(damaged("an input is no input layer"));
    }
    let outputs = stored.outputs.iter().map(|&output| part(output, calls.len())).collect::<Result<Vec<Part>>>()?;
    let is_chain = calls.len() == layers.len()
        && calls.iter().enumerate().all(|(place, call)| call.inputs.iter().all(|input| input.call + 1 == place));
    Ok(Graph { layers, calls, inputs: stored.inputs.clone(), outputs, is_chain, added: Vec::new() })
}

fn input_type(name: &str, config: &Value) -> Result<InputType> {
    let stored: StoredInput = read_settings(config).map_err(|error| damaged(&error.to_string()))?;
    let unknown = || Error::new(ErrorKind::State, "the shape of the input is not known yet");
    Ok(InputType {
        name: Some(name.to_string()),
        shape: stored.shape.map_or_else(|| Err(unknown()), |sizes| Shape::new(&sizes)),
        dtype: stored.dtype.map(|name| dtype(&name)).transpose()?,
    })
}

fn dtype(name: &str) -> Result<DType> {
    let all = [DType::Bool, DType::U8, DType::I32, DType::I64, DType::BF16, DType::F16, DType::F32, DType::F64];
    let names = all.map(|dtype| dtype.to_string());
    let place = names.iter().position(|known| known == name);
    place
        .map(|place| all[place])
        .ok_or_else(|| Error::unknown_name("element type", name, names.iter().map(String::as_str)))
}

fn damaged(what: &str) -> Error {
    Error::new(ErrorKind::Format, format!("the config of a network is damaged: {what}"))
}
