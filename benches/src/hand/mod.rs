//! The loops that crisol is measured against, written by hand: the same formulas, instruction by instruction, in the widest
//! vectors of the processor, in chunks of the same size on the same pool of threads.
//!
//! `tests/by_hand.rs` compares their results with crisol's, the maps bit for bit.

mod loops;
pub mod maps;
pub(crate) mod math;
mod reductions;
mod rows;

pub use loops::{Map, map, moved, read, sum};
pub use reductions::{column_sums, column_variances, row_largest, row_sums, row_variances, variance};
pub use rows::{
    Gradients, layer_norm, layer_norm_gradients, log_softmax, log_softmax_gradient, softmax, softmax_gradient,
};

use crisol_kernels::parallel_for;
use std::sync::{Mutex, PoisonError};

/// Calls `body` for each part with its number, on the pool's threads.
pub(crate) fn together<T: Send>(parts: impl IntoIterator<Item = T>, body: impl Fn(usize, &mut T) + Sync) {
    let parts: Vec<Mutex<T>> = parts.into_iter().map(Mutex::new).collect();
    parallel_for(parts.len(), &|number| {
        // Nobody else wants this part: the lock is what makes that safe to say.
        let mut part = parts[number].lock().unwrap_or_else(PoisonError::into_inner);
        body(number, &mut part);
    });
}
