//! [`Source`]: rows that can be read in any order; the arrays and the cache that are sources.

use crate::{Batch, Error, ErrorKind, Result};
use std::sync::{Arc, Mutex, PoisonError};

/// Samples that can be read in any order: what a [`Dataset`](crate::Dataset) starts from.
///
/// Implement it for data that does not fit in memory; several threads may read at once.
///
/// ```
/// use crisol_data::{Batch, Dataset, Result, Source, ndarray::Array2};
///
/// struct Squares;
/// impl Source for Squares {
///     fn len(&self) -> usize {
///         1000
///     }
///     fn read(&self, rows: &[usize]) -> Result<Batch> {
///         Ok(Array2::from_shape_fn((rows.len(), 1), |(i, _)| (rows[i] * rows[i]) as f64).into())
///     }
/// }
/// let batch = Dataset::from_source(Squares).skip(3).batch(2).peek()?;
/// assert_eq!(batch.x.to_f64().into_raw_vec_and_offset().0, [9.0, 16.0]);
/// # Ok::<(), crisol_data::Error>(())
/// ```
pub trait Source: Send + Sync {
    /// Number of samples.
    fn len(&self) -> usize;

    /// True when there are no samples.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The samples of `rows` (each below `len`, in this order, repeats allowed), stacked along axis 0.
    ///
    /// # Errors
    /// Whatever keeps a row from being read.
    fn read(&self, rows: &[usize]) -> Result<Batch>;

    /// All samples, if they are arrays in memory: rows of them may then be read without [`Source::read`].
    fn arrays(&self) -> Option<&Batch> {
        None
    }
}

impl Source for Batch {
    fn len(&self) -> usize {
        Batch::len(self)
    }

    fn arrays(&self) -> Option<&Batch> {
        Some(self)
    }

    fn read(&self, rows: &[usize]) -> Result<Batch> {
        self.select(rows)
    }
}

/// A function applied to elements.
pub(crate) type Map = Arc<dyn Fn(Batch) -> Result<Batch> + Send + Sync>;

/// A source with functions applied to each sample.
#[derive(Clone)]
pub(crate) struct Samples {
    pub(crate) source: Arc<dyn Source>,
    pub(crate) maps: Vec<Map>,
}

impl Samples {
    /// One sample, without the axis of samples.
    pub(crate) fn sample(&self, row: usize) -> Result<Batch> {
        let sample = self.checked(&[row])?.row(0)?;
        self.maps.iter().try_fold(sample, |sample, map| map(sample)).map_err(|error| error.at_row(row))
    }

    fn checked(&self, rows: &[usize]) -> Result<Batch> {
        let batch = self.source.read(rows)?;
        batch.check()?;
        if batch.len() != rows.len() {
            return Err(Error::new(
                ErrorKind::Shape,
                format!("the source was asked for {} rows and gave {}", rows.len(), batch.len()),
            ));
        }
        Ok(batch)
    }
}

impl Source for Samples {
    fn len(&self) -> usize {
        self.source.len()
    }

    fn arrays(&self) -> Option<&Batch> {
        self.source.arrays().filter(|_| self.maps.is_empty())
    }

    fn read(&self, rows: &[usize]) -> Result<Batch> {
        if self.maps.is_empty() {
            return self.checked(rows);
        }
        let batch = self.checked(rows)?;
        let mut samples = Vec::with_capacity(rows.len());
        for (place, &row) in rows.iter().enumerate() {
            let sample = batch.row(place)?;
            let sample = self.maps.iter().try_fold(sample, |sample, map| map(sample));
            samples.push(sample.map_err(|error| error.at_row(row))?);
        }
        Batch::stack(samples)
    }
}

/// A source that keeps every sample it has read.
pub(crate) struct CachedSource {
    samples: Samples,
    kept: Vec<Mutex<Option<Batch>>>,
}

impl CachedSource {
    pub(crate) fn new(samples: Samples) -> Self {
        let kept = (0..samples.len()).map(|_| Mutex::new(None)).collect();
        CachedSource { samples, kept }
    }
}

impl Source for CachedSource {
    fn len(&self) -> usize {
        self.kept.len()
    }

    fn read(&self, rows: &[usize]) -> Result<Batch> {
        let sample = |&row: &usize| {
            // A panic inside leaves the slot empty, so a poisoned lock holds nothing wrong.
            let mut slot = self.kept[row].lock().unwrap_or_else(PoisonError::into_inner);
            if slot.is_none() {
                *slot = Some(self.samples.sample(row)?);
            }
            slot.clone().ok_or_else(|| Error::new(ErrorKind::Empty, "an empty cache slot"))
        };
        Batch::stack(rows.iter().map(sample).collect::<Result<Vec<_>>>()?)
    }
}
