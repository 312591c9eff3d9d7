//! What a thread keeps from one block of rows to the next: memory for values that live in a block alone.

use crate::buffer::Buffer;
use crisol_ir::DType;
use std::cell::RefCell;

thread_local! {
    /// What blocks keep their local values in.
    static SCRATCH: RefCell<Option<Buffer>> = const { RefCell::new(None) };
}

/// Calls `body` with so many bytes of this thread's own.
pub(crate) fn with_scratch<R>(bytes: usize, body: impl FnOnce(*mut u8) -> R) -> R {
    let kept = SCRATCH.take().filter(|kept| kept.len() >= bytes);
    let mut buffer = kept.unwrap_or_else(|| Buffer::recycled(DType::U8, bytes));
    let result = body(buffer.pointer_mut());
    SCRATCH.set(Some(buffer));
    result
}
