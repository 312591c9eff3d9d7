//! Progress of a long training in a few lines.

use crisol::Result;
use crisol::prelude::*;
use std::time::Instant;

/// Lines that a training prints at most, besides its last.
const LINES: usize = 8;

/// Prints the logs of every few epochs and of the last one.
pub struct EveryFew {
    epochs: usize,
    every: usize,
    start: Instant,
}

impl EveryFew {
    /// For a training of the given number of epochs.
    pub fn new(epochs: usize) -> EveryFew {
        EveryFew { epochs, every: epochs.div_ceil(LINES).max(1), start: Instant::now() }
    }
}

impl Callback for EveryFew {
    fn on_epoch_end(&mut self, _run: &mut dyn Run, epoch: usize, logs: &mut Logs) -> Result<Flow> {
        let done = epoch + 1;
        if done.is_multiple_of(self.every) || done == self.epochs {
            let seconds = self.start.elapsed().as_secs_f64();
            println!("  epoch {done:>3}/{} {seconds:5.1} s - {logs}", self.epochs);
        }
        Ok(Flow::Continue)
    }
}
