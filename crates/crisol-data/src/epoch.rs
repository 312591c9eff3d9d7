//! [`Epoch`]: one pass over a data set, and [`Unmade`]: an element before it is made.

use crate::stage::{Job, Jobs};
use crate::{Batch, Error, ErrorKind, Result, Source};

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

/// An element that is yet to be made: rows of arrays in memory can be copied straight to where they are needed.
///
/// ```
/// use crisol_data::{Array, Dataset};
/// let mut epoch = Dataset::from(Array::from(vec![5.0_f32, 6.0, 7.0])).skip(1).batch(2).iter()?;
/// let unmade = epoch.next_unmade().unwrap()?;
/// let (arrays, rows) = unmade.rows().unwrap();
/// assert_eq!((arrays.len(), rows), (3, &[1, 2][..]));
/// assert_eq!(unmade.make()?.x, vec![6.0_f32, 7.0].into());
/// # Ok::<(), crisol_data::Error>(())
/// ```
pub struct Unmade {
    job: Job,
    place: usize,
}

impl Unmade {
    /// The arrays that it is rows of, and their numbers; nothing if it is made in another way.
    pub fn rows(&self) -> Option<(&Batch, &[usize])> {
        match &self.job {
            Job::Read(samples, rows) => Some((samples.arrays()?, rows)),
            Job::Make(_) => None,
        }
    }

    /// Makes it.
    ///
    /// # Errors
    /// What making the element raises, with its place.
    pub fn make(self) -> Result<Batch> {
        self.job.run().map_err(|error| error.at_element(self.place))
    }
}

impl Epoch {
    /// The next element, not made yet. An error, once, if there was no element at all.
    pub fn next_unmade(&mut self) -> Option<Result<Unmade>> {
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
        Some(Ok(Unmade { job, place }))
    }
}

impl Iterator for Epoch {
    type Item = Result<Batch>;

    fn next(&mut self) -> Option<Result<Batch>> {
        Some(self.next_unmade()?.and_then(Unmade::make))
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
