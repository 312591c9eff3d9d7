//! Chunks in place, and which panic of several goes on.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What a chunk or a task panicked with.
pub(crate) type Panic = Box<dyn Any + Send>;

/// Runs all chunks on this thread; the panic of the lowest goes on after the last.
pub(crate) fn run_inline(chunks: usize, body: &(dyn Fn(usize) + Sync)) {
    let mut first = None;
    for chunk in 0..chunks {
        if let Err(payload) = panic::catch_unwind(AssertUnwindSafe(|| body(chunk))) {
            keep_lowest(&mut first, chunk, payload);
        }
    }
    if let Some((_, payload)) = first {
        panic::resume_unwind(payload);
    }
}

/// Keeps the panic of the lower chunk.
pub(crate) fn keep_lowest(kept: &mut Option<(usize, Panic)>, chunk: usize, payload: Panic) {
    if kept.as_ref().is_none_or(|(lowest, _)| chunk < *lowest) {
        *kept = Some((chunk, payload));
    }
}

/// A lock whatever happened to its last holder: nothing guarded here can be left half changed.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
