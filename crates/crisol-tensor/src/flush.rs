//! The flush of a recording: what live handles need is computed, or nothing is and all assignments are taken back.

use crate::recording::{Recording, Source};
use crate::traced::{FlushKey, From, Slot, Task};
use crate::variable::Assignment;
use crisol_ir::{Error, ErrorKind, Graph, Kind, NodeId, Operation, Result};
use crisol_plan::{Argument, Planner, buffer::Buffer};
use std::sync::Arc;

impl Recording {
    /// Runs what live handles need and gives them their values; these may still be under way if the caller does not wait.
    pub(crate) fn flush(&mut self, waits: bool) -> Result<()> {
        if self.is_trace() {
            return Err(Error::new(
                ErrorKind::State,
                "the value of a tensor was asked for while a model is being traced, when only shapes are known",
            )
            .help("compute with tensors instead of reading numbers inside a layer's call"));
        }
        let mut attempt = Attempt { recording: self, is_over: false };
        let result = attempt.recording.run(waits);
        attempt.is_over = true;
        drop(attempt);
        match &result {
            Ok(()) => self.assignments.clear(),
            Err(error) => self.take_back(error),
        }
        self.count_anew();
        if self.tapes == 0 {
            self.forget();
        }
        result
    }

    fn run(&mut self, waits: bool) -> Result<()> {
        let key = FlushKey {
            length: self.graph.len(),
            is_taped: self.tapes > 0,
            live: self.live(),
            valued: self.valued.clone(),
        };
        if key.live.is_empty() {
            return Ok(());
        }
        let task = match self.traced.flush(&key).filter(|task| self.planner.recall(task.prepared)) {
            Some(task) => task,
            None => self.prepare(key)?,
        };
        let mut arguments = self.planner.arguments();
        arguments.reserve_exact(task.arguments.len());
        for &from in &task.arguments {
            arguments.push(self.argument_of(from)?);
        }
        let (is_taped, sources, assignments) = (self.tapes > 0, &mut self.sources, &mut self.assignments);
        let commit = || {
            if !is_taped {
                // Nothing can go wrong any more: buffers held nowhere else may now be overwritten by what takes their place.
                sources.clear();
                assignments.iter_mut().for_each(Assignment::release);
            }
        };
        let run = if waits { Planner::run_prepared } else { Planner::start_prepared };
        let buffers = match run(&mut self.planner, task.prepared, arguments, commit) {
            Ok(buffers) => buffers,
            Err(error) => return Err(self.explain(error)),
        };
        for (&node, buffer) in task.wanted.iter().zip(buffers) {
            self.settle(node, buffer);
        }
        Ok(())
    }

    /// The nodes whose handles live and have no value yet, in order.
    fn live(&mut self) -> Vec<NodeId> {
        let used = self.traced.cells.len().min(self.graph.len());
        let mut live = Vec::with_capacity(self.assignments.len() + 16);
        // Backwards: what nobody holds lets go of the logits before it.
        for (index, slot) in self.traced.cells[..used].iter_mut().enumerate().rev() {
            if slot.is_awaited() {
                live.push(NodeId(index as u32));
            } else if let Slot::Held(cell) = slot
                && cell.logits.get().is_some()
                && let Some(cell) = Arc::get_mut(cell)
            {
                cell.logits.take();
            }
        }
        live.reverse();
        live
    }

    /// Plans a flush that was not seen before.
    #[cold]
    fn prepare(&mut self, key: FlushKey) -> Result<Arc<Task>> {
        let mut wanted = key.live.clone();
        let needed = self.needed(&wanted);
        if key.is_taped {
            // Their outputs are dear to compute again and the backward pass reads them.
            let dear = |id: &NodeId| needed[id.index()] && self.value(*id).is_none() && is_library(&self.graph, *id);
            wanted.extend(self.graph.ids().filter(dear));
            wanted.sort_unstable();
            wanted.dedup();
        }
        let (graph, outputs, arguments) = self.extract(&wanted, &needed);
        // Whatever is wrong with the program comes out here, while the old values of variables are still held.
        let prepared = self.planner.prepare(&graph, &outputs)?;
        let task = Arc::new(Task { prepared, arguments, wanted });
        if self.has_cursor {
            self.traced.remember_flush(key, Arc::clone(&task));
        }
        Ok(task)
    }

    /// For each node whether the wanted ones need it.
    fn needed(&self, wanted: &[NodeId]) -> Vec<bool> {
        let mut needed = vec![false; self.graph.len()];
        for &node in wanted {
            needed[node.index()] = true;
        }
        for id in self.graph.ids().rev() {
            if needed[id.index()] && self.value(id).is_none() {
                for input in &self.graph.node(id).inputs {
                    needed[input.index()] = true;
                }
            }
        }
        needed
    }

    /// Copies the needed nodes into a graph of their own; evaluated ones become its arguments.
    fn extract(&self, wanted: &[NodeId], needed: &[bool]) -> (Graph, Vec<NodeId>, Vec<From>) {
        let mut graph = Graph::new();
        let mut arguments = Vec::new();
        let mut places = vec![NodeId(u32::MAX); self.graph.len()];
        for id in self.graph.ids().filter(|id| needed[id.index()]) {
            let node = self.graph.node(id);
            let from = match (&node.operation, self.value(id)) {
                (_, Some(_)) => Some(From::Value(id)),
                (Operation::Input(number), None) => Some(From::Source(*number)),
                (_, None) => None,
            };
            places[id.index()] = match from {
                Some(from) => {
                    arguments.push(from);
                    graph.input(node.ty)
                }
                None => graph.copy(node, |input| places[input.index()]),
            };
        }
        let outputs = wanted.iter().map(|node| places[node.index()]).collect();
        (graph, outputs, arguments)
    }

    fn argument_of(&self, from: From) -> Result<Argument> {
        match from {
            From::Value(node) => match self.value(node) {
                Some(buffer) => Ok(Argument::Buffer(Arc::clone(buffer))),
                None => Err(Error::new(ErrorKind::Internal, "an evaluated node without a value")),
            },
            From::Source(number) => match &self.sources[number as usize].1 {
                Source::Buffer(buffer) => Ok(Argument::Buffer(Arc::clone(buffer))),
                Source::Scalar(constant) => Ok(Argument::Scalar(*constant)),
                Source::Abstract => Err(Error::new(ErrorKind::Internal, "an abstract argument outside a trace")),
            },
        }
    }

    /// Gives a node's handle its value, and keeps it for the backward pass while a tape lives.
    fn settle(&mut self, node: NodeId, buffer: Arc<Buffer>) {
        match self.traced.cells.get(node.index()) {
            Some(Slot::Held(cell)) => cell.settle(Ok(Arc::clone(&buffer))),
            Some(slot) => {
                if let Some(cell) = slot.alive() {
                    cell.settle(Ok(Arc::clone(&buffer)));
                }
            }
            None => {}
        }
        if self.tapes > 0 {
            if self.values.len() <= node.index() {
                self.values.resize(node.index() + 1, None);
            }
            self.values[node.index()] = Some(buffer);
            self.valued.push(node);
        }
    }

    /// Finds the operation behind an error of a run: the first one recorded that fails when it is run alone, and its line.
    #[cold]
    fn explain(&mut self, error: Error) -> Error {
        let suspects: Vec<NodeId> = fallible(&self.graph).filter(|&id| self.value(id).is_none()).collect();
        for suspect in suspects {
            let needed = self.needed(&[suspect]);
            let (graph, outputs, arguments) = self.extract(&[suspect], &needed);
            let arguments = arguments.into_iter().map(|from| self.argument_of(from)).collect::<Result<Vec<_>>>();
            let Ok(arguments) = arguments else { continue };
            if let Err(found) = self.planner.run(&graph, &outputs, arguments) {
                return match self.line(suspect) {
                    Some(location) => found.at(location),
                    None => found,
                };
            }
        }
        error
    }

    /// The flush has failed: variables return to their values before it, pending tensors carry the error.
    fn take_back(&mut self, error: &Error) {
        for assignment in self.assignments.drain(..).rev() {
            assignment.roll_back();
        }
        for cell in self.traced.cells.iter().filter_map(Slot::alive) {
            if cell.is_pending() {
                cell.settle(Err(error.clone()));
            }
        }
    }
}

/// A flush that may end in a panic: then it has failed as well.
struct Attempt<'a> {
    recording: &'a mut Recording,
    is_over: bool,
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            let text = "an evaluation on this thread panicked before this value was computed";
            self.recording.take_back(&Error::new(ErrorKind::State, text));
            self.recording.count_anew();
            if self.recording.tapes == 0 {
                self.recording.forget();
            }
        }
    }
}

/// The nodes that data can make fail.
fn fallible(graph: &Graph) -> impl Iterator<Item = NodeId> {
    graph.ids().filter(|&id| match &graph.node(id).operation {
        Operation::Primitive(primitive, _) => primitive.can_fail(),
        _ => false,
    })
}

fn is_library(graph: &Graph, id: NodeId) -> bool {
    match &graph.node(id).operation {
        Operation::Primitive(primitive, _) => matches!(primitive.kind(), Kind::Library(_)),
        _ => false,
    }
}
