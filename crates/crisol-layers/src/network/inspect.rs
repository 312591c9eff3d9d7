//! What a network tells of its layers: names of inputs and outputs, connections, and what each layer makes of data.

use super::graph::{EntryKind, Part};
use super::run::run;
use super::summary;
use super::{Kind, Network};
use crate::scope::{Mode, Scope};
use crisol_tensor::random::Key;
use crisol_tensor::{Result, Tensor};
use std::sync::Arc;

/// A layer of a network, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection<'a> {
    /// The layer's name.
    pub name: &'a str,
    /// Its type.
    pub type_name: &'static str,
    /// The names of the layers whose output it takes.
    pub inputs: Vec<&'a str>,
    /// The shape of its output as a summary shows it, `(None, 10)`; of a layer that is called more than once, that of the last call.
    /// Absent in a network that is not built.
    pub output_shape: Option<String>,
}

impl Network {
    /// The names of the inputs, in their order.
    ///
    /// # Errors
    /// A list of layers that is wrong.
    pub fn input_names(&self) -> Result<Vec<&str>> {
        let graph = self.graph()?;
        Ok(graph.inputs.iter().map(|&place| graph.layers[place].name.as_str()).collect())
    }

    /// The names of the outputs, those of the layers that make them, in their order.
    ///
    /// # Errors
    /// A list of layers that is wrong.
    pub fn output_names(&self) -> Result<Vec<&str>> {
        let graph = self.graph()?;
        Ok(graph.outputs.iter().map(|output| graph.layers[graph.calls[output.call].layer].name.as_str()).collect())
    }

    /// Every layer, with the names of the layers whose output it takes.
    ///
    /// # Errors
    /// A list of layers that is wrong.
    pub fn connections(&self) -> Result<Vec<Connection<'_>>> {
        let graph = self.graph()?;
        let built = self.built.get();
        let name = |input: &Part| graph.layers[graph.calls[input.call].layer].name.as_str();
        let of =
            |place: usize| graph.calls.iter().filter(move |call| call.layer == place).flat_map(|call| &call.inputs);
        let layers = graph.layers.iter().enumerate();
        Ok(layers
            .map(|(place, entry)| Connection {
                name: &entry.name,
                type_name: entry.type_name(),
                inputs: of(place).map(name).collect(),
                output_shape: built.map(|built| summary::output_shape(graph, built, place)),
            })
            .collect())
    }

    /// What every layer makes of the inputs, in the order in which layers are called; no state changes.
    ///
    /// # Errors
    /// As [`Network::forward`].
    pub fn layer_outputs(&self, inputs: &[Tensor], mode: Mode, key: Key) -> Result<Vec<(&str, Tensor)>> {
        let built = self.built()?;
        let graph = self.graph()?;
        let mut scope = Scope::new(Arc::clone(&built.tree), mode, self.dtype, key);
        let values = run(graph, &mut scope, inputs)?;
        let is_hidden = |place: usize| {
            matches!(self.kind, Kind::Sequential(_)) && matches!(graph.layers[place].kind, EntryKind::Input(_))
        };
        let calls = graph.calls.iter().zip(values).filter(|(call, _)| !is_hidden(call.layer));
        let named = calls.flat_map(|(call, values)| {
            let name = graph.layers[call.layer].name.as_str();
            values.into_iter().map(move |value| (name, value))
        });
        Ok(named.collect())
    }
}
