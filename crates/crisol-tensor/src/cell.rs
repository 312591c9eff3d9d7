//! What the handles of one tensor share: its type, its value once there is one, and the node that stands for it.

use crate::recorder::Recorder;
use crate::tensor::Tensor;
use crisol_ir::{Error, NodeId, Result, TensorType};
use crisol_plan::buffer::Buffer;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// A tensor. It is pending until its value, or the error that took its place, is set; that happens once.
pub(crate) struct Cell {
    /// Known from the start, but for tensors that carry an error.
    pub(crate) ty: Option<TensorType>,
    /// The recorder whose operation made it; none for values from outside.
    home: Option<Arc<Recorder>>,
    place: AtomicU64,
    value: OnceLock<Result<Arc<Buffer>>>,
    /// For probabilities: what a sigmoid or softmax made them from.
    pub(crate) logits: OnceLock<Tensor>,
}

/// A node of a recording: the recording's number and the node's, in one word so that both change together.
///
/// A value from outside may be known to several recordings, of which the latest is noted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place(u64);

/// Bits for the node: more nodes than memory holds. Recordings are numbered in the other 36, a year's worth at 2000 a second;
/// a number that comes again only matters to a tensor that was left untouched since.
const NODE_BITS: u32 = 28;

impl Place {
    pub(crate) fn new(epoch: u64, node: NodeId) -> Place {
        debug_assert!(node.0 >> NODE_BITS == 0);
        Place(epoch << NODE_BITS | u64::from(node.0))
    }

    /// The node, if the place is in the given recording.
    pub(crate) fn node_in(self, epoch: u64) -> Option<NodeId> {
        (self.0 >> NODE_BITS == epoch).then_some(NodeId(self.0 as u32 & ((1 << NODE_BITS) - 1)))
    }

    /// Whether a later recording than the given one knows the tensor.
    pub(crate) fn is_later(self, epoch: u64) -> bool {
        self.0 >> NODE_BITS > epoch
    }
}

impl Cell {
    /// A tensor to be computed.
    pub(crate) fn pending(ty: TensorType, home: Arc<Recorder>, place: Place) -> Cell {
        Cell {
            ty: Some(ty),
            home: Some(home),
            place: AtomicU64::new(place.0),
            value: OnceLock::new(),
            logits: OnceLock::new(),
        }
    }

    /// A tensor with a value from outside, or with an error instead of a type.
    pub(crate) fn settled(ty: Option<TensorType>, value: Result<Arc<Buffer>>) -> Cell {
        let value = OnceLock::from(value);
        Cell { ty, home: None, place: AtomicU64::new(0), value, logits: OnceLock::new() }
    }

    pub(crate) fn value(&self) -> Option<&Result<Arc<Buffer>>> {
        self.value.get()
    }

    pub(crate) fn is_pending(&self) -> bool {
        self.value.get().is_none()
    }

    /// The error that it carries, if it does.
    pub(crate) fn error(&self) -> Option<&Error> {
        self.value.get().and_then(|value| value.as_ref().err())
    }

    /// Gives it its value, unless it has one.
    pub(crate) fn settle(&self, value: Result<Arc<Buffer>>) {
        // Only the recorder that made it settles it, under its lock: nobody can be earlier with another value.
        let _ = self.value.set(value);
    }

    /// The recorder that still has to compute it.
    pub(crate) fn pending_home(&self) -> Option<&Arc<Recorder>> {
        if self.is_pending() { self.home.as_ref() } else { None }
    }

    pub(crate) fn place(&self) -> Place {
        Place(self.place.load(Ordering::Relaxed))
    }

    /// Notes where its own recorder knows it.
    pub(crate) fn set_place(&self, place: Place) {
        self.place.store(place.0, Ordering::Relaxed);
    }

    /// Notes where a recording knows it, if no later one does.
    pub(crate) fn know(&self, place: Place) {
        self.place.fetch_max(place.0, Ordering::Relaxed);
    }

    /// Makes it as good as new. True if there was anything to forget.
    pub(crate) fn reset(cell: &mut Arc<Cell>) -> bool {
        if cell.value.get().is_none() && cell.logits.get().is_none() {
            return true;
        }
        match Arc::get_mut(cell) {
            Some(cell) => {
                cell.value.take();
                cell.logits.take();
                true
            }
            None => false,
        }
    }
}
