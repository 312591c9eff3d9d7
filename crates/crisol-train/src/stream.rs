//! The batches of a training, epoch after epoch.

use crate::batch::Data;
use crate::data::{Batches, Steps};
use crisol_callbacks::Position;
use crisol_ir::Result;

/// Yields the batches of each epoch: a pass over the data, or so many steps, which go on where the last epoch ended.
pub(crate) struct Stream<'s, 'a> {
    batches: &'s Batches<'a>,
    steps_per_epoch: Option<usize>,
    pass: Option<(u64, Steps<'a>)>,
}

impl<'s, 'a> Stream<'s, 'a> {
    pub(crate) fn new(batches: &'s Batches<'a>, steps_per_epoch: Option<usize>) -> Stream<'s, 'a> {
        Stream { batches, steps_per_epoch, pass: None }
    }

    /// Goes to a place: the beginning of an epoch, or within it.
    pub(crate) fn go_to(&mut self, position: Position) -> Result<()> {
        let (pass, skipped) = match (self.steps_per_epoch, self.batches.cardinality()) {
            (None, _) => (position.epoch, position.step),
            // It goes on by itself.
            (Some(_), _) if self.pass.is_some() => return Ok(()),
            (Some(steps), Some(all)) if all > 0 => {
                let done = position.epoch * steps + position.step;
                (done / all, done % all)
            }
            (Some(steps), _) => (0, position.epoch * steps + position.step),
        };
        let mut steps = self.batches.epoch(pass as u64)?;
        for _ in 0..skipped {
            steps.next().transpose()?;
        }
        self.pass = Some((pass as u64, steps));
        Ok(())
    }

    /// The next batch, where `done` steps of the epoch are done.
    pub(crate) fn next(&mut self, done: usize) -> Option<Result<Data>> {
        let (pass, steps) = self.pass.as_mut()?;
        let Some(wanted) = self.steps_per_epoch else { return steps.next() };
        if done >= wanted {
            return None;
        }
        if let Some(data) = steps.next() {
            return Some(data);
        }
        *pass += 1;
        *steps = match self.batches.epoch(*pass) {
            Ok(steps) => steps,
            Err(error) => return Some(Err(error)),
        };
        steps.next()
    }
}
