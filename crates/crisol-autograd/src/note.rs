//! Gradient functions of the user, kept beside the nodes that they belong to while a tape of this thread lives.

use crisol_ir::{Error, ErrorKind, NodeId, Result};
use crisol_tensor::{Tensor, position};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::marker::PhantomData;
use std::rc::Rc;

/// From the inputs, the output and the gradient with respect to it to the gradient with respect to each input.
pub(crate) type Note = Rc<dyn Fn(&[Tensor], &Tensor, &Tensor) -> Result<Vec<Option<Tensor>>>>;

thread_local! {
    /// By recording and node.
    static NOTES: RefCell<HashMap<(u64, NodeId), Note>> = RefCell::new(HashMap::new());
    static TAPES: Cell<usize> = const { Cell::new(0) };
}

/// Counts a tape of this thread while it lives; with the last one all notes go.
#[derive(Debug)]
pub(crate) struct Taping(PhantomData<*const ()>);

impl Taping {
    pub(crate) fn new() -> Taping {
        TAPES.set(TAPES.get() + 1);
        Taping(PhantomData)
    }
}

impl Drop for Taping {
    fn drop(&mut self) {
        TAPES.set(TAPES.get() - 1);
        if TAPES.get() == 0 {
            // Dropped outside of the borrow: what a function holds is the user's.
            let notes = NOTES.take();
            drop(notes);
        }
    }
}

/// Whether a tape of this thread lives.
pub(crate) fn is_taping() -> bool {
    TAPES.get() > 0
}

/// Keeps a gradient function beside a node of this thread's recording.
pub(crate) fn keep(node: NodeId, note: Note) {
    let (recording, _) = position();
    NOTES.with_borrow_mut(|notes| notes.insert((recording, node), note));
}

/// The gradient function of a node.
pub(crate) fn find(node: NodeId) -> Result<Note> {
    let (recording, _) = position();
    NOTES.with_borrow(|notes| notes.get(&(recording, node)).cloned()).ok_or_else(|| {
        Error::new(ErrorKind::State, "the function was called before the tape was made").help("call it inside")
    })
}

/// Gives a copy of a node the gradient function of the original, if it has one.
pub(crate) fn copy(from: NodeId, to: NodeId) {
    let (recording, _) = position();
    NOTES.with_borrow_mut(|notes| {
        if let Some(note) = notes.get(&(recording, from)).cloned() {
            notes.insert((recording, to), note);
        }
    });
}
