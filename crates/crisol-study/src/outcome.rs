//! What one run gives back: curves, sizes, times and remarks.

use crate::statistics::Direction;

/// The result of training one experiment with one seed.
///
/// The history is Keras': a name and a value an epoch, `val_` before what was measured on the validation set.
///
/// ```
/// use crisol_study::Outcome;
///
/// let outcome = Outcome::new()
///     .metric("loss", [0.7, 0.5, 0.6])
///     .metric("val_accuracy", [0.61, 0.70, 0.66])
///     .parameters(10_177);
/// let best = outcome.best("val_accuracy").ok_or("no such metric")?;
/// assert_eq!((best.epoch, best.value), (2, 0.70));
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    pub(crate) history: Vec<(String, Vec<f64>)>,
    pub(crate) parameters: Option<u64>,
    pub(crate) seconds: Option<f64>,
    pub(crate) notes: Vec<String>,
}

/// The best epoch of a metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Best {
    /// The epoch, counted from 1.
    pub epoch: usize,
    /// The metric there.
    pub value: f64,
}

impl Outcome {
    /// An outcome without anything in it.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a metric with one value an epoch; a name that is there already is replaced.
    pub fn metric(mut self, name: impl Into<String>, values: impl Into<Vec<f64>>) -> Self {
        let (name, values) = (name.into(), values.into());
        match self.history.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = values,
            None => self.history.push((name, values)),
        }
        self
    }

    /// Adds a whole history, in its order.
    pub fn history<N: Into<String>, V: Into<Vec<f64>>>(self, history: impl IntoIterator<Item = (N, V)>) -> Self {
        history.into_iter().fold(self, |outcome, (name, values)| outcome.metric(name, values))
    }

    /// How many weights the model has.
    pub fn parameters(mut self, count: u64) -> Self {
        self.parameters = Some(count);
        self
    }

    /// How long training took; without it, the study measures the whole experiment.
    pub fn seconds(mut self, seconds: f64) -> Self {
        self.seconds = Some(seconds);
        self
    }

    /// A remark for the report, such as why training stopped.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// A metric's values, one an epoch.
    pub fn values(&self, metric: &str) -> Option<&[f64]> {
        self.history.iter().find(|(name, _)| name == metric).map(|(_, values)| values.as_slice())
    }

    /// The names of the metrics, in the order they came.
    pub fn metrics(&self) -> impl Iterator<Item = &str> {
        self.history.iter().map(|(name, _)| name.as_str())
    }

    /// The epoch at which a metric was best, the first of several; `None` without a finite value.
    ///
    /// Whether high or low is good follows from the name, see [`Direction::of`].
    pub fn best(&self, metric: &str) -> Option<Best> {
        let direction = Direction::of(metric);
        let mut best: Option<Best> = None;
        for (epoch, value) in (1..).zip(self.values(metric)?.iter().copied()) {
            if value.is_finite() && best.is_none_or(|best| direction.prefers(value, best.value)) {
                best = Some(Best { epoch, value });
            }
        }
        best
    }

    /// How many epochs the longest metric has.
    pub fn epochs(&self) -> usize {
        self.history.iter().map(|(_, values)| values.len()).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn best_is_the_first_of_the_finite_ones_in_the_metrics_direction() {
        let outcome = Outcome::new()
            .metric("val_accuracy", [f64::NAN, 0.7, f64::INFINITY, 0.7])
            .metric("val_loss", [0.6, 0.4, 0.5])
            .metric("loss", [f64::NAN]);
        assert_eq!(outcome.best("val_accuracy"), Some(Best { epoch: 2, value: 0.7 }));
        assert_eq!(outcome.best("val_loss"), Some(Best { epoch: 2, value: 0.4 }));
        assert_eq!(outcome.best("loss"), None);
        assert_eq!(outcome.best("accuracy"), None);
        assert_eq!(outcome.epochs(), 4);
    }

    #[test]
    fn a_metric_given_twice_is_replaced() {
        let outcome = Outcome::new().metric("loss", [1.0]).history([("loss", [2.0])]);
        assert_eq!(outcome.values("loss"), Some(&[2.0][..]));
        assert_eq!(outcome.metrics().count(), 1);
    }
}
