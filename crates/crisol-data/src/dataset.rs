//! [`Dataset`]: a pipeline from rows to batches, evaluated while it is iterated.

use crate::epoch::empty;
use crate::prefetch::Prefetched;
use crate::source::{CachedSource, Map, Samples};
use crate::stage::{Cached, Generated, Mapped, Reorder, Reordered, RowBatches, Rows, Stacked, Stage};
use crate::{Batch, Epoch, Error, ErrorKind, Result, Source};
use std::fmt;
use std::sync::Arc;

/// A pipeline of samples or batches; cheap to clone, and iterated as often as one likes.
///
/// ```
/// use crisol_data::{Batch, Dataset, ndarray::{Array1, Array2}};
///
/// let x = Array2::from_shape_fn((10, 3), |(i, j)| (i * 3 + j) as f32);
/// let y = Array1::from_iter((0..10).map(|i| i % 2));
/// let dataset = Dataset::from((x, y))
///     .shuffle(1024, 42)
///     .batch(4)
///     .map(|batch| Ok(Batch { x: (batch.x.into_f32() / 255.0).into(), ..batch }))
///     .prefetch(2);
/// assert_eq!(dataset.cardinality(), Some(3));
/// for epoch in 0..2 {
///     for batch in dataset.epoch(epoch)? {
///         assert!(batch?.len() <= 4);
///     }
/// }
/// # Ok::<(), crisol_data::Error>(())
/// ```
///
/// Each stage works on what the one before yields: single samples at first, batches after [`batch`](Dataset::batch). What is wrong with
/// a stage (a batch size of 0, arrays of different lengths) comes out of [`epoch`](Dataset::epoch).
#[derive(Clone)]
pub struct Dataset {
    pipeline: Pipeline,
}

#[derive(Clone)]
enum Pipeline {
    /// Samples of a source, still addressed by row.
    Rows(Rows),
    /// Samples of any other stage.
    Samples(Arc<dyn Stage>),
    Batches(Arc<dyn Stage>),
    Failed(Error),
}

impl Dataset {
    /// Samples along axis 0 of arrays: `x`, `(x, y)` or `(x, y, sample_weight)`.
    pub fn from_arrays(arrays: impl Into<Batch>) -> Self {
        let arrays = arrays.into();
        match arrays.check() {
            Ok(()) => Self::from_source(arrays),
            Err(error) => Self::failed(error),
        }
    }

    /// Samples of a source of one's own.
    pub fn from_source(source: impl Source + 'static) -> Self {
        let samples = Samples { source: Arc::new(source), maps: Vec::new() };
        Pipeline::Rows(Rows { samples, order: Vec::new() }).into()
    }

    /// Batches from a function that gets the number of the epoch; how many is not known in advance.
    ///
    /// ```
    /// use crisol_data::{Batch, Dataset};
    /// let countdown = Dataset::from_batches(|_epoch| (0..3).rev().map(|n| Ok(Batch::from((vec![n], vec![-n])))));
    /// assert_eq!(countdown.iter()?.count(), 3);
    /// # Ok::<(), crisol_data::Error>(())
    /// ```
    pub fn from_batches<F, I>(generate: F) -> Self
    where
        F: Fn(u64) -> I + Send + Sync + 'static,
        I: IntoIterator<Item = Result<Batch>>,
        I::IntoIter: Send + 'static,
    {
        Pipeline::Batches(Arc::new(Generated { generate })).into()
    }

    /// A data set of which every epoch is `error`.
    fn failed(error: Error) -> Self {
        Pipeline::Failed(error).into()
    }

    /// Applies a function to each element: to samples (without the axis of samples) before `batch`, to batches after it.
    ///
    /// It runs in every epoch, on the threads of a later [`prefetch`](Dataset::prefetch), so it should depend on its argument alone.
    #[must_use]
    pub fn map(&self, f: impl Fn(Batch) -> Result<Batch> + Send + Sync + 'static) -> Self {
        let map: Map = Arc::new(f);
        match &self.pipeline {
            Pipeline::Rows(rows) => {
                let mut rows = rows.clone();
                rows.samples.maps.push(map);
                Pipeline::Rows(rows).into()
            }
            _ => self.stage(|upstream| Arc::new(Mapped { upstream, map })),
        }
    }

    /// Elements in random order: each is drawn from a buffer of `buffer` elements, another one in every epoch, the same one for the same
    /// `seed` and epoch. A buffer as long as the data set (`usize::MAX` will do) gives every order with equal probability.
    ///
    /// Before `batch` the buffer holds row numbers, after it unmade batches, so a large one costs nothing.
    #[must_use]
    pub fn shuffle(&self, buffer: usize, seed: u64) -> Self {
        if buffer == 0 {
            return self.refuse("shuffle: the buffer must hold at least 1 element, given 0");
        }
        self.reorder(Reorder::Shuffle { buffer, seed })
    }

    /// The first `n` elements of each epoch.
    #[must_use]
    pub fn take(&self, n: usize) -> Self {
        self.reorder(Reorder::Take(n))
    }

    /// All but the first `n` elements of each epoch.
    #[must_use]
    pub fn skip(&self, n: usize) -> Self {
        self.reorder(Reorder::Skip(n))
    }

    /// Groups `size` samples to a batch along a new axis 0; the last one may be shorter.
    #[must_use]
    pub fn batch(&self, size: usize) -> Self {
        self.grouped(size, false)
    }

    /// Groups `size` samples to a batch and drops the samples that do not fill one.
    #[must_use]
    pub fn batch_drop_remainder(&self, size: usize) -> Self {
        self.grouped(size, true)
    }

    /// Makes up to `ahead` elements in advance on background threads, as many as the machine runs at once. Order, values, errors and
    /// panics reach the consumer as without it. 0 does nothing.
    #[must_use]
    pub fn prefetch(&self, ahead: usize) -> Self {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        self.prefetch_on(ahead, threads)
    }

    fn prefetch_on(&self, ahead: usize, threads: usize) -> Self {
        if ahead == 0 {
            return self.clone();
        }
        self.stage(|upstream| Arc::new(Prefetched { upstream, ahead, threads }))
    }

    /// Keeps in memory what the stages so far have made, so that it is made once. Clones share the cache.
    ///
    /// Before `batch`, samples are kept, and shuffles before or after still change with the epoch. After `batch`, batches are kept as they
    /// were in epoch 0: only a later `shuffle` changes their order.
    #[must_use]
    pub fn cache(&self) -> Self {
        match &self.pipeline {
            Pipeline::Rows(rows) => {
                let source = Arc::new(CachedSource::new(rows.samples.clone()));
                let samples = Samples { source, maps: Vec::new() };
                Pipeline::Rows(Rows { samples, order: rows.order.clone() }).into()
            }
            _ => self.stage(|upstream| Arc::new(Cached::new(upstream))),
        }
    }

    /// Number of elements an epoch (batches, after `batch`), where it is known without running.
    pub fn cardinality(&self) -> Option<usize> {
        match &self.pipeline {
            Pipeline::Rows(rows) => rows.len(),
            Pipeline::Samples(stage) | Pipeline::Batches(stage) => stage.len(),
            Pipeline::Failed(_) => None,
        }
    }

    /// True after [`batch`](Dataset::batch): elements have samples along axis 0.
    pub fn is_batched(&self) -> bool {
        matches!(self.pipeline, Pipeline::Batches(_))
    }

    /// The elements of an epoch. Shuffles give every epoch its own order, the same one whenever it is asked for.
    ///
    /// # Errors
    /// A stage that cannot work, or a data set without elements.
    pub fn epoch(&self, epoch: u64) -> Result<Epoch> {
        let jobs = match &self.pipeline {
            Pipeline::Failed(error) => return Err(error.clone()),
            _ if self.cardinality() == Some(0) => return Err(self.no_elements()),
            Pipeline::Rows(rows) => rows.jobs(epoch),
            Pipeline::Samples(stage) | Pipeline::Batches(stage) => stage.jobs(epoch),
        };
        Ok(Epoch::new(jobs, self.cardinality()))
    }

    /// The elements of epoch 0.
    ///
    /// # Errors
    /// As [`epoch`](Dataset::epoch).
    pub fn iter(&self) -> Result<Epoch> {
        self.epoch(0)
    }

    /// The first element of epoch 0, made for the occasion.
    ///
    /// # Errors
    /// As [`epoch`](Dataset::epoch), and what making the element raises.
    pub fn peek(&self) -> Result<Batch> {
        self.take(1).iter()?.next().unwrap_or_else(|| Err(self.no_elements()))
    }

    /// Shape of an element's `x`, from the first one; `None` stands for the axis of samples in a batch.
    ///
    /// # Errors
    /// As [`peek`](Dataset::peek).
    pub fn element_shape(&self) -> Result<Vec<Option<usize>>> {
        let first = self.peek()?;
        let mut shape: Vec<Option<usize>> = first.x.shape().iter().map(|&n| Some(n)).collect();
        if self.is_batched() {
            shape[0] = None;
        }
        Ok(shape)
    }

    fn grouped(&self, size: usize, drop_remainder: bool) -> Self {
        if size == 0 {
            return self.refuse("batch: expected a size of at least 1, given 0");
        }
        match &self.pipeline {
            Pipeline::Rows(rows) => {
                let rows = rows.clone();
                Pipeline::Batches(Arc::new(RowBatches { rows, size, drop_remainder })).into()
            }
            Pipeline::Samples(stage) => {
                let upstream = stage.clone();
                Pipeline::Batches(Arc::new(Stacked { upstream, size, drop_remainder })).into()
            }
            Pipeline::Batches(_) => self.refuse("batch: the data set yields batches already"),
            Pipeline::Failed(_) => self.clone(),
        }
    }

    fn reorder(&self, step: Reorder) -> Self {
        match &self.pipeline {
            Pipeline::Rows(rows) => {
                let mut rows = rows.clone();
                rows.order.push(step);
                Pipeline::Rows(rows).into()
            }
            _ => self.stage(|upstream| Arc::new(Reordered { upstream, step })),
        }
    }

    fn stage(&self, next: impl FnOnce(Arc<dyn Stage>) -> Arc<dyn Stage>) -> Self {
        match &self.pipeline {
            Pipeline::Rows(rows) => Pipeline::Samples(next(Arc::new(rows.clone()))),
            Pipeline::Samples(stage) => Pipeline::Samples(next(stage.clone())),
            Pipeline::Batches(stage) => Pipeline::Batches(next(stage.clone())),
            Pipeline::Failed(error) => Pipeline::Failed(error.clone()),
        }
        .into()
    }

    /// The first refusal is the one that counts.
    fn refuse(&self, message: &str) -> Self {
        match &self.pipeline {
            Pipeline::Failed(_) => self.clone(),
            _ => Self::failed(Error::new(ErrorKind::Argument, message)),
        }
    }

    fn no_elements(&self) -> Error {
        let what = if self.is_batched() { "batches" } else { "samples" };
        empty(&format!("the data set has no {what}"))
            .help("check the source, `take`, `skip` and, with `batch_drop_remainder`, that the samples fill one batch")
    }
}

impl From<Pipeline> for Dataset {
    fn from(pipeline: Pipeline) -> Self {
        Dataset { pipeline }
    }
}

impl<A: Into<Batch>> From<A> for Dataset {
    fn from(arrays: A) -> Self {
        Dataset::from_arrays(arrays)
    }
}

impl fmt::Debug for Dataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Dataset");
        if let Pipeline::Failed(error) = &self.pipeline {
            return out.field("error", error).finish();
        }
        out.field("cardinality", &self.cardinality()).field("batched", &self.is_batched()).finish()
    }
}
