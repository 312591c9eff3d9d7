//! The arguments of `fit`.

use crate::arrays::{Arrays, IntoArrays};
use crate::data::{Feed, IntoFeed};
use crisol_callbacks::{Callback, Verbose};
use crisol_ir::{Error, ErrorKind, Result};
use std::collections::BTreeMap;

/// The arguments of [`Model::fit`](crate::Model::fit), with Keras' defaults.
///
/// ```
/// use crisol_train::{Fit, Verbose};
/// let fit = Fit::epochs(5).batch_size(64).validation_split(0.2).class_weight([(0, 1.0), (1, 5.0)]).verbose(2);
/// ```
#[derive(Default)]
pub struct Fit<'a> {
    pub(crate) epochs: usize,
    pub(crate) initial_epoch: usize,
    pub(crate) batch_size: Option<usize>,
    pub(crate) steps_per_epoch: Option<usize>,
    pub(crate) validation_split: f64,
    pub(crate) validation_data: Option<Feed<'a>>,
    pub(crate) validation_steps: Option<usize>,
    pub(crate) validation_batch_size: Option<usize>,
    pub(crate) validation_freq: ValidationFrequency,
    pub(crate) class_weight: Option<BTreeMap<i64, f64>>,
    pub(crate) sample_weight: Option<Arrays<'a>>,
    pub(crate) unshuffled: bool,
    pub(crate) verbose: Verbose,
    pub(crate) callbacks: Vec<&'a mut dyn Callback>,
}

/// After which epochs there is a validation: every how many, or a list of them, counted from 1 as in Keras.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValidationFrequency {
    /// After every so many epochs.
    Every(usize),
    /// After these epochs.
    After(Vec<usize>),
}

impl Default for ValidationFrequency {
    fn default() -> ValidationFrequency {
        ValidationFrequency::Every(1)
    }
}

impl From<usize> for ValidationFrequency {
    fn from(every: usize) -> ValidationFrequency {
        ValidationFrequency::Every(every)
    }
}

impl<const N: usize> From<[usize; N]> for ValidationFrequency {
    fn from(epochs: [usize; N]) -> ValidationFrequency {
        ValidationFrequency::After(epochs.to_vec())
    }
}

impl ValidationFrequency {
    /// Whether an epoch, counted from 0, is validated.
    pub(crate) fn includes(&self, epoch: usize) -> bool {
        match self {
            ValidationFrequency::Every(every) => (epoch + 1).is_multiple_of(*every),
            ValidationFrequency::After(epochs) => epochs.contains(&(epoch + 1)),
        }
    }
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

    /// Steps of an epoch, which goes on in the data where the last one ended; unless told, an epoch is all of the data.
    #[must_use]
    pub fn steps_per_epoch(mut self, steps: usize) -> Fit<'a> {
        self.steps_per_epoch = Some(steps);
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
    pub fn validation_data(mut self, data: impl IntoFeed<'a>) -> Fit<'a> {
        self.validation_data = Some(data.into_feed());
        self
    }

    /// Steps of a validation, from the beginning of its data; unless told, all of it.
    #[must_use]
    pub fn validation_steps(mut self, steps: usize) -> Fit<'a> {
        self.validation_steps = Some(steps);
        self
    }

    /// Samples a step of validation; unless told, as in training.
    #[must_use]
    pub fn validation_batch_size(mut self, batch_size: usize) -> Fit<'a> {
        self.validation_batch_size = Some(batch_size);
        self
    }

    /// After which epochs there is a validation: `2` for every second, `[1, 2, 10]` for those, counted from 1.
    #[must_use]
    pub fn validation_freq(mut self, frequency: impl Into<ValidationFrequency>) -> Fit<'a> {
        self.validation_freq = frequency.into();
        self
    }

    /// What samples count in the loss by the number of their class; classes that are not named count 1.
    #[must_use]
    pub fn class_weight(mut self, weights: impl IntoIterator<Item = (i64, f64)>) -> Fit<'a> {
        self.class_weight = Some(weights.into_iter().collect());
        self
    }

    /// What each sample counts in the loss, for arrays: as a third part of the data.
    #[must_use]
    pub fn sample_weight(mut self, weight: impl IntoArrays<'a>) -> Fit<'a> {
        self.sample_weight = Some(weight.into_arrays());
        self
    }

    /// Whether arrays are shuffled anew before every epoch: yes, unless told. Pipelines say so themselves.
    #[must_use]
    pub fn shuffle(mut self, shuffle: bool) -> Fit<'a> {
        self.unshuffled = !shuffle;
        self
    }

    /// How much is shown on standard output: Keras' 0, 1 or 2, or a [`Verbose`].
    #[must_use]
    pub fn verbose(mut self, verbose: impl Into<Verbose>) -> Fit<'a> {
        self.verbose = verbose.into();
        self
    }

    /// One more callback; they are called in the order given, before the progress line is drawn.
    #[must_use]
    pub fn callback(mut self, callback: &'a mut dyn Callback) -> Fit<'a> {
        self.callbacks.push(callback);
        self
    }

    pub(crate) fn check(&self) -> Result<()> {
        let wrong = |text: String| Err(Error::new(ErrorKind::Value, text).operation("fit"));
        let counts = [
            ("batch_size", self.batch_size),
            ("steps_per_epoch", self.steps_per_epoch),
            ("validation_steps", self.validation_steps),
            ("validation_batch_size", self.validation_batch_size),
        ];
        if let Some((name, _)) = counts.iter().find(|(_, count)| *count == Some(0)) {
            return wrong(format!("{name} is 0, expected at least 1"));
        }
        if self.validation_freq == ValidationFrequency::Every(0) {
            return wrong("validation_freq is 0, expected at least 1".to_string());
        }
        if !(0.0..1.0).contains(&self.validation_split) {
            let share = self.validation_split;
            return wrong(format!("validation_split is {share}, expected a share from 0 up to, not including, 1"));
        }
        let is_wrong = |weight: &f64| !weight.is_finite() || *weight < 0.0;
        if let Some((class, weight)) = self.class_weight.iter().flatten().find(|(_, weight)| is_wrong(weight)) {
            return wrong(format!("class_weight of class {class} is {weight}, expected a number from 0 up"));
        }
        Ok(())
    }
}
