//! [`Epoch`]: one pass over a data set.

use crate::stage::Jobs;
use crate::{Batch, Error, ErrorKind, Result};

/// The elements of one epoch, in order; made by [`Dataset::epoch`](crate::Dataset::epoch).
///
/// An element that cannot be made is an `Err` that names its place; the ones after it still come. Dropping the iterator early stops
/// the threads that work for it.
pub struct Epoch {
    jobs: Jobs,
    place: usize,
    remaining: Option<usize>,
    ended: bool,
}

impl Epoch {
    pub(crate) fn new(jobs: Jobs, len: Option<usize>) -> Self {
        Epoch { jobs, place: 0, remaining: len, ended: false }
    }
}

impl Iterator for Epoch {
    type Item = Result<Batch>;

    fn next(&mut self) -> Option<Result<Batch>> {
        if self.ended {
            return None;
        }
        let Some(job) = self.jobs.next() else {
            self.ended = true;
            return (self.place == 0).then(|| Err(empty("the data set yielded nothing")));
        };
        let place = self.place;
        self.place += 1;
        self.remaining = self.remaining.map(|n| n.saturating_sub(1));
        Some(job().map_err(|error| error.at_element(place)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self.remaining {
            _ if self.ended => (0, Some(0)),
            Some(n) => (n, Some(n)),
            None => (0, None),
        }
    }
}

pub(crate) fn empty(message: &str) -> Error {
    Error::new(ErrorKind::Empty, message)
}
