//! Stretches of nodes that are appended again at once: gradients, and updates of parameters.

use crate::cell::Cell;
use crate::recording::{Recording, Source};
use crate::tensor::Tensor;
use crate::traced::Stretch;
use crisol_ir::{Graph, NodeId, Result};
use std::sync::Weak;

/// A place in a recording.
#[derive(Clone, Copy)]
pub(crate) struct Mark {
    epoch: u64,
    length: usize,
    arguments: usize,
}

impl Recording {
    /// What `build` appends and returns, remembered if it says that it is a function of the graph so far and of `key`.
    pub(crate) fn stretch(
        &mut self,
        key: &[u32],
        build: impl FnOnce(&mut Graph) -> Result<(Vec<Option<NodeId>>, bool)>,
    ) -> Result<Vec<Option<NodeId>>> {
        let start = self.graph.len();
        if let Some(stretch) = self.traced.stretch(start, key)
            && self.graph.advance_to(stretch.end)
        {
            return Ok(stretch.results.clone());
        }
        let arguments = self.graph.input_count();
        let (results, is_function) = self.append(|recording| build(&mut recording.graph))?;
        if is_function && self.has_cursor && self.graph.input_count() == arguments {
            let (key, end, results) = (key.to_vec(), self.graph.len(), results.clone());
            self.traced.remember_stretch(Stretch { start, key, end, results, scalars: Vec::new() });
        }
        Ok(results)
    }

    /// Where the recording stands.
    pub(crate) fn mark(&self) -> Mark {
        Mark { epoch: self.epoch, length: self.graph.len(), arguments: self.graph.input_count() }
    }

    /// The results of the nodes that were appended here before for the same key, appended again; none if that is not known.
    pub(crate) fn repeat(&mut self, start: Mark, key: &[u32]) -> Option<Vec<NodeId>> {
        let stretch = self.traced.stretch(start.length, key)?;
        if !self.graph.advance_to(stretch.end) {
            return None;
        }
        let scalars = stretch.scalars.iter();
        self.sources.extend(scalars.map(|&(node, constant)| (node, Source::Scalar(constant), Weak::new())));
        let mut results = Vec::with_capacity(stretch.results.len());
        for result in &stretch.results {
            results.push((*result)?);
        }
        Some(results)
    }

    /// Remembers what was appended since `start`, if all of it follows from the nodes before it.
    pub(crate) fn remember(&mut self, start: Mark, key: Vec<u32>, results: &[Tensor]) {
        let nodes = results.iter().map(|tensor| match tensor.cell().error() {
            None => tensor.cell().place().node_in(self.epoch).map(Some),
            Some(_) => None,
        });
        let Some(nodes) = nodes.collect::<Option<Vec<Option<NodeId>>>>() else { return };
        if !self.has_cursor || self.epoch != start.epoch {
            return;
        }
        let scalar = |(node, source, _): &(NodeId, Source, Weak<Cell>)| match source {
            Source::Scalar(constant) => Some((*node, *constant)),
            Source::Buffer(_) | Source::Abstract => None,
        };
        let Some(scalars) = self.sources[start.arguments..].iter().map(scalar).collect::<Option<Vec<_>>>() else {
            return;
        };
        let stretch = Stretch { start: start.length, key, end: self.graph.len(), results: nodes, scalars };
        self.traced.remember_stretch(stretch);
    }
}
