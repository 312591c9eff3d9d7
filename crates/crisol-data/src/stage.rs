//! The stages of a pipeline. A stage yields jobs, not batches: what an element is made of is decided in order, cheaply, while
//! the making can wait, be skipped, be reordered or run on another thread.

use crate::random::Shuffled;
use crate::source::{Map, Samples};
use crate::{Batch, Result, Source};
use std::sync::{Arc, Mutex, PoisonError};

/// The making of one element.
pub(crate) enum Job {
    /// Rows of a source, read together: whoever knows better how to read them may.
    Read(Samples, Vec<usize>),
    Make(Box<dyn FnOnce() -> Result<Batch> + Send>),
}

impl Job {
    pub(crate) fn new(make: impl FnOnce() -> Result<Batch> + Send + 'static) -> Job {
        Job::Make(Box::new(make))
    }

    pub(crate) fn run(self) -> Result<Batch> {
        match self {
            Job::Read(samples, rows) => samples.read(&rows),
            Job::Make(make) => make(),
        }
    }
}

/// The elements of one epoch, in order.
pub(crate) type Jobs = Box<dyn Iterator<Item = Job> + Send>;

pub(crate) trait Stage: Send + Sync {
    /// The elements of an epoch; the same for every call with one `epoch`.
    fn jobs(&self, epoch: u64) -> Jobs;
    /// Number of elements an epoch; `None` when only running it would tell.
    fn len(&self) -> Option<usize>;
}

/// A change of which rows come, and in which order.
#[derive(Clone, Copy)]
pub(crate) enum Reorder {
    Shuffle { buffer: usize, seed: u64 },
    Take(usize),
    Skip(usize),
}

/// Rows of a source: as long as there is no batch, order is a matter of row numbers and costs no data.
#[derive(Clone)]
pub(crate) struct Rows {
    pub(crate) samples: Samples,
    pub(crate) order: Vec<Reorder>,
}

impl Rows {
    fn numbers(&self, epoch: u64) -> Box<dyn Iterator<Item = usize> + Send> {
        let mut rows: Box<dyn Iterator<Item = usize> + Send> = Box::new(0..self.samples.len());
        for &step in &self.order {
            rows = match step {
                Reorder::Shuffle { buffer, seed } => Box::new(Shuffled::new(rows, buffer, seed, epoch)),
                Reorder::Take(n) => Box::new(rows.take(n)),
                Reorder::Skip(n) => Box::new(rows.skip(n)),
            };
        }
        rows
    }

    fn count(&self) -> usize {
        self.order.iter().fold(self.samples.len(), |n, step| match step {
            Reorder::Shuffle { .. } => n,
            Reorder::Take(limit) => n.min(*limit),
            Reorder::Skip(first) => n.saturating_sub(*first),
        })
    }
}

impl Stage for Rows {
    fn jobs(&self, epoch: u64) -> Jobs {
        let samples = self.samples.clone();
        Box::new(self.numbers(epoch).map(move |row| {
            let samples = samples.clone();
            Job::new(move || samples.sample(row))
        }))
    }

    fn len(&self) -> Option<usize> {
        Some(self.count())
    }
}

/// Takes up to `size` items; none at the end, nor, when `whole`, a last group that is short.
fn group<T>(items: &mut impl Iterator<Item = T>, size: usize, whole: bool) -> Option<Vec<T>> {
    let group: Vec<T> = items.by_ref().take(size).collect();
    (group.len() == size || !whole && !group.is_empty()).then_some(group)
}

fn groups(n: usize, size: usize, whole: bool) -> usize {
    if whole { n / size } else { n.div_ceil(size) }
}

/// Rows read in groups: one read for a whole batch.
pub(crate) struct RowBatches {
    pub(crate) rows: Rows,
    pub(crate) size: usize,
    pub(crate) drop_remainder: bool,
}

impl Stage for RowBatches {
    fn jobs(&self, epoch: u64) -> Jobs {
        let mut numbers = self.rows.numbers(epoch);
        let (samples, size, whole) = (self.rows.samples.clone(), self.size, self.drop_remainder);
        Box::new(std::iter::from_fn(move || {
            group(&mut numbers, size, whole).map(|rows| Job::Read(samples.clone(), rows))
        }))
    }

    fn len(&self) -> Option<usize> {
        Some(groups(self.rows.count(), self.size, self.drop_remainder))
    }
}

/// Samples of any stage, stacked.
pub(crate) struct Stacked {
    pub(crate) upstream: Arc<dyn Stage>,
    pub(crate) size: usize,
    pub(crate) drop_remainder: bool,
}

impl Stage for Stacked {
    fn jobs(&self, epoch: u64) -> Jobs {
        let mut jobs = self.upstream.jobs(epoch);
        let (size, whole) = (self.size, self.drop_remainder);
        Box::new(std::iter::from_fn(move || {
            let jobs = group(&mut jobs, size, whole)?;
            let stack = move || Batch::stack(jobs.into_iter().map(Job::run).collect::<Result<Vec<_>>>()?);
            Some(Job::new(stack))
        }))
    }

    fn len(&self) -> Option<usize> {
        self.upstream.len().map(|n| groups(n, self.size, self.drop_remainder))
    }
}

/// Elements through a function.
pub(crate) struct Mapped {
    pub(crate) upstream: Arc<dyn Stage>,
    pub(crate) map: Map,
}

impl Stage for Mapped {
    fn jobs(&self, epoch: u64) -> Jobs {
        let map = self.map.clone();
        Box::new(self.upstream.jobs(epoch).map(move |job| {
            let map = map.clone();
            Job::new(move || map(job.run()?))
        }))
    }

    fn len(&self) -> Option<usize> {
        self.upstream.len()
    }
}

/// Elements in another order, or some of them.
pub(crate) struct Reordered {
    pub(crate) upstream: Arc<dyn Stage>,
    pub(crate) step: Reorder,
}

impl Stage for Reordered {
    fn jobs(&self, epoch: u64) -> Jobs {
        let jobs = self.upstream.jobs(epoch);
        match self.step {
            Reorder::Shuffle { buffer, seed } => Box::new(Shuffled::new(jobs, buffer, seed, epoch)),
            Reorder::Take(n) => Box::new(jobs.take(n)),
            Reorder::Skip(n) => Box::new(jobs.skip(n)),
        }
    }

    fn len(&self) -> Option<usize> {
        match self.step {
            Reorder::Shuffle { .. } => self.upstream.len(),
            // Without the upstream's length the epoch may end before the limit.
            Reorder::Take(limit) => self.upstream.len().map(|n| n.min(limit)),
            Reorder::Skip(first) => self.upstream.len().map(|n| n.saturating_sub(first)),
        }
    }
}

/// The elements of the upstream's epoch 0, each made once and kept.
pub(crate) struct Cached {
    upstream: Arc<dyn Stage>,
    kept: Arc<Mutex<Kept>>,
}

type Slot = Arc<Mutex<Option<Batch>>>;

#[derive(Default)]
struct Kept {
    slots: Vec<Slot>,
    /// The upstream was seen to end after the last slot.
    ended: bool,
}

impl Cached {
    pub(crate) fn new(upstream: Arc<dyn Stage>) -> Self {
        Cached { upstream, kept: Arc::default() }
    }
}

impl Stage for Cached {
    fn jobs(&self, _epoch: u64) -> Jobs {
        {
            let kept = lock(&self.kept);
            if kept.ended && kept.slots.iter().all(|slot| lock(slot).is_some()) {
                let slots = kept.slots.clone();
                return Box::new(slots.into_iter().map(|slot| keep(slot, Job::new(gone))));
            }
        }
        let mut jobs = self.upstream.jobs(0).enumerate();
        let kept = self.kept.clone();
        Box::new(std::iter::from_fn(move || {
            let Some((place, job)) = jobs.next() else {
                lock(&kept).ended = true;
                return None;
            };
            let mut kept = lock(&kept);
            if kept.slots.len() == place {
                kept.slots.push(Slot::default());
            }
            Some(keep(kept.slots[place].clone(), job))
        }))
    }

    fn len(&self) -> Option<usize> {
        self.upstream.len().or_else(|| {
            let kept = lock(&self.kept);
            kept.ended.then_some(kept.slots.len())
        })
    }
}

/// A job that takes what the slot holds, or fills it.
fn keep(slot: Slot, job: Job) -> Job {
    Job::new(move || {
        let mut slot = lock(&slot);
        if let Some(batch) = &*slot {
            return Ok(batch.clone());
        }
        let batch = job.run()?;
        *slot = Some(batch.clone());
        Ok(batch)
    })
}

/// Stands in for a job whose slot is known to be full.
fn gone() -> Result<Batch> {
    Err(crate::Error::new(crate::ErrorKind::Empty, "an empty cache slot"))
}

/// A panic while filling leaves the slot empty: a poisoned lock holds nothing wrong.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Batches from a function of the epoch's number.
pub(crate) struct Generated<F> {
    pub(crate) generate: F,
}

impl<F, I> Stage for Generated<F>
where
    F: Fn(u64) -> I + Send + Sync,
    I: IntoIterator<Item = Result<Batch>>,
    I::IntoIter: Send + 'static,
{
    fn jobs(&self, epoch: u64) -> Jobs {
        let batches = (self.generate)(epoch).into_iter();
        Box::new(batches.map(|batch| Job::new(move || batch.and_then(|b| b.check().map(|()| b)))))
    }

    fn len(&self) -> Option<usize> {
        None
    }
}
