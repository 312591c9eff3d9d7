//! The arguments of `fit`.

use crate::data::{Feed, IntoFeed};
use crisol_callbacks::{Callback, Verbose};
use crisol_ir::{Error, ErrorKind, Result};

/// The arguments of [`Model::fit`](crate::Model::fit), with Keras' defaults.
///
/// ```
/// use crisol_train::{Fit, Verbose};
/// let fit = Fit::epochs(5).batch_size(64).validation_split(0.2).verbose(Verbose::Line);
/// ```
#[derive(Default)]
pub struct Fit<'a> {
    pub(crate) epochs: usize,
    pub(crate) initial_epoch: usize,
    pub(crate) batch_size: Option<usize>,
    pub(crate) validation_split: f64,
    pub(crate) validation_data: Option<Feed>,
    pub(crate) unshuffled: bool,
    pub(crate) verbose: Verbose,
    pub(crate) callbacks: Vec<&'a mut dyn Callback>,
}

impl<'a> Fit<'a> {
    /// Training for a number of epochs.
    pub fn epochs(epochs: usize) -> Fit<'a> {
        Fit { epochs, ..Fit::default() }
    }

    /// The epoch to begin with, counted from 0, to go on with a training that stopped there: `Fit::epochs(10).initial_epoch(4)`
    /// trains six more, with the order of samples they would have had.
    #[must_use]
    pub fn initial_epoch(mut self, initial_epoch: usize) -> Fit<'a> {
        self.initial_epoch = initial_epoch;
        self
    }

    /// Samples a step, for arrays and for pipelines that are not batched yet; 32 unless told.
    #[must_use]
    pub fn batch_size(mut self, batch_size: usize) -> Fit<'a> {
        self.batch_size = Some(batch_size);
        self
    }

    /// The share of arrays, taken from their end before shuffling, that is kept for validation.
    #[must_use]
    pub fn validation_split(mut self, share: f64) -> Fit<'a> {
        self.validation_split = share;
        self
    }

    /// Data that is evaluated after every epoch.
    #[must_use]
    pub fn validation_data(mut self, data: impl IntoFeed) -> Fit<'a> {
        self.validation_data = Some(data.into_feed());
        self
    }

    /// Whether arrays are shuffled anew before every epoch: yes, unless told. Pipelines say so themselves.
    #[must_use]
    pub fn shuffle(mut self, shuffle: bool) -> Fit<'a> {
        self.unshuffled = !shuffle;
        self
    }

    /// How much is shown on standard output.
    #[must_use]
    pub fn verbose(mut self, verbose: Verbose) -> Fit<'a> {
        self.verbose = verbose;
        self
    }

    /// One more callback; they are called in the order given.
    #[must_use]
    pub fn callback(mut self, callback: &'a mut dyn Callback) -> Fit<'a> {
        self.callbacks.push(callback);
        self
    }

    pub(crate) fn check(&self) -> Result<()> {
        if self.batch_size == Some(0) {
            return Err(Error::new(ErrorKind::Value, "batch_size is 0, expected at least 1").operation("fit"));
        }
        if !(0.0..1.0).contains(&self.validation_split) {
            return Err(Error::new(
                ErrorKind::Value,
                format!(
                    "validation_split is {}, expected a share from 0 up to, not including, 1",
                    self.validation_split
                ),
            )
            .operation("fit"));
        }
        Ok(())
    }
}
