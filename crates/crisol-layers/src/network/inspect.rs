//! What a network tells of its layers: names of inputs and outputs, connections, and what each layer makes of data.

use super::graph::{EntryKind, Part};
use super::run::run;
use super::{Kind, Network};
use crate::scope::{Mode, Scope};
use crisol_tensor::random::Key;
use crisol_tensor::{Result, Tensor};
use std::sync::Arc;

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

    /// The name and type of every layer, with the names of the layers whose output it takes.
    ///
    /// # Errors
    /// A list of layers that is wrong.
    pub fn connections(&self) -> Result<Vec<(&str, &'static str, Vec<&str>)>> {
        let graph = self.graph()?;
        let name = |input: &Part| graph.layers[graph.calls[input.call].layer].name.as_str();
        let of =
            |place: usize| graph.calls.iter().filter(move |call| call.layer == place).flat_map(|call| &call.inputs);
        let layers = graph.layers.iter().enumerate();
        Ok(layers
            .map(|(place, entry)| (entry.name.as_str(), entry.type_name(), of(place).map(name).collect()))
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
