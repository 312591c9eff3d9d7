//! The guard that keeps a recording's nodes past their evaluation.

use crate::recorder::Recorder;
use crisol_ir::{Error, ErrorKind, NodeId, Result};
use std::sync::Arc;

/// Keeps the nodes of this thread's recording while it lives: what a gradient tape is made of.
#[derive(Debug)]
pub struct KeepNodes {
    recorder: Arc<Recorder>,
    epoch: u64,
    start: u32,
}

impl KeepNodes {
    /// Starts keeping nodes from here on.
    #[allow(clippy::new_without_default)] // a guard, not a value
    pub fn new() -> KeepNodes {
        let recorder = Recorder::with_current(Arc::clone);
        let (epoch, start) = recorder.lock().keep();
        KeepNodes { recorder, epoch, start }
    }

    /// The first node recorded since, or an error if this thread records elsewhere now (inside a trace, on another thread).
    ///
    /// # Errors
    /// The guard belongs to another recording.
    pub fn start(&self) -> Result<NodeId> {
        let is_current = Recorder::with_current(|current| Arc::ptr_eq(current, &self.recorder));
        if !is_current || self.recorder.lock().epoch != self.epoch {
            return Err(Error::new(
                ErrorKind::State,
                "the tape belongs to another thread or to a model that is being traced",
            )
            .help("make the tape, compute the loss and ask for gradients on one thread"));
        }
        Ok(NodeId(self.start))
    }
}

/// Where this thread records: the number of the recording, which no other has, and its next node.
pub fn position() -> (u64, NodeId) {
    Recorder::with_current(|recorder| {
        let recording = recorder.lock();
        (recording.epoch, NodeId(recording.graph.len() as u32))
    })
}

impl Drop for KeepNodes {
    fn drop(&mut self) {
        self.recorder.lock().let_go();
    }
}
