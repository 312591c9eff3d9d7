//! The history of a training run.

use crate::logs::Logs;

/// What `fit` returns: the logs of every epoch, by epoch or by name.
///
/// ```
/// use crisol_callbacks::{History, Logs};
/// let mut history = History::default();
/// for loss in [0.9, 0.4] {
///     let mut logs = Logs::new();
///     logs.set("loss", loss);
///     history.push(logs);
/// }
/// assert_eq!(history.get("loss"), [0.9, 0.4]);
/// assert_eq!(history.last("loss"), Some(0.4));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    epochs: Vec<Logs>,
    numbers: Vec<usize>,
    warnings: Vec<String>,
}

impl History {
    /// Adds an epoch.
    pub fn push(&mut self, logs: Logs) {
        let next = self.numbers.last().map_or(0, |last| last + 1);
        self.push_epoch(next, logs);
    }

    /// Adds the epoch of a number, counted from 0.
    pub fn push_epoch(&mut self, number: usize, logs: Logs) {
        self.epochs.push(logs);
        self.numbers.push(number);
    }

    /// The numbers of the epochs: those of a training that was gone on with do not begin at 0.
    pub fn epoch_numbers(&self) -> &[usize] {
        &self.numbers
    }

    /// Notes a probable mistake.
    pub fn warn(&mut self, text: String) {
        self.warnings.push(text);
    }

    /// What is probably a mistake: a number that is watched and does not exist, a patience longer than the training.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The logs of every epoch.
    pub fn epochs(&self) -> &[Logs] {
        &self.epochs
    }

    /// The names of all numbers, in the order they first appear.
    pub fn names(&self) -> Vec<&str> {
        let mut names = Vec::new();
        for (name, _) in self.epochs.iter().flat_map(Logs::iter) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// A number over the epochs; NaN where an epoch lacks it, nothing if all do.
    pub fn get(&self, name: &str) -> Vec<f64> {
        if self.epochs.iter().all(|logs| logs.get(name).is_none()) {
            return Vec::new();
        }
        self.epochs.iter().map(|logs| logs.get(name).unwrap_or(f64::NAN)).collect()
    }

    /// A number of the last epoch.
    pub fn last(&self, name: &str) -> Option<f64> {
        self.epochs.last()?.get(name)
    }
}
