//! The arithmetic behind a verdict: which way is better, means over seeds, standard errors.

use std::fmt;

/// Whether a high or a low value of a metric is the good one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Accuracy and its kin.
    Higher,
    /// Losses and errors.
    Lower,
}

impl Direction {
    /// Reads the direction off a metric's name, as Keras' callbacks do in mode `"auto"`: high is good for
    /// accuracies, areas under a curve, precision, recall, F scores, overlaps, R2 and counts of true
    /// positives or negatives, low for all else.
    ///
    /// ```
    /// use crisol_study::Direction;
    /// assert_eq!(Direction::of("val_sparse_categorical_accuracy"), Direction::Higher);
    /// assert_eq!(Direction::of("val_loss"), Direction::Lower);
    /// ```
    pub fn of(metric: &str) -> Self {
        let name = metric.strip_prefix("val_").unwrap_or(metric).to_lowercase();
        let has = |part: &str| name.split('_').any(|word| word == part);
        let higher = name.starts_with("acc")
            || has("accuracy")
            || has("auc")
            || has("precision")
            || has("recall")
            || has("fmeasure")
            || has("f1")
            || has("fbeta")
            || has("iou")
            || has("r2")
            || has("true");
        if higher { Self::Higher } else { Self::Lower }
    }

    /// Whether `a` is strictly better than `b`.
    pub fn prefers(self, a: f64, b: f64) -> bool {
        match self {
            Self::Higher => a > b,
            Self::Lower => a < b,
        }
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Higher => "higher",
            Self::Lower => "lower",
        })
    }
}

/// A mean over seeds and how sure it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// How many seeds.
    pub count: usize,
    /// Their mean.
    pub mean: f64,
    /// The mean's standard error s / sqrt(count), s^2 being the sum of squared deviations over count - 1;
    /// `None` for one seed, which has no spread to speak of.
    pub standard_error: Option<f64>,
}

impl Summary {
    /// Mean and standard error of some values; `None` without any.
    ///
    /// ```
    /// use crisol_study::Summary;
    /// let summary = Summary::of(&[1.0, 2.0, 3.0]).ok_or("no values")?;
    /// assert_eq!(summary.mean, 2.0);
    /// assert_eq!(summary.standard_error, Some((1.0_f64 / 3.0).sqrt()));
    /// # Ok::<(), &str>(())
    /// ```
    pub fn of(values: &[f64]) -> Option<Self> {
        let first = *values.first()?;
        let count = values.len() as f64;
        // Around the first value: equal values then have exactly that mean, and no spread at all.
        let mean = first + values.iter().map(|value| value - first).sum::<f64>() / count;
        let standard_error = (values.len() > 1).then(|| {
            let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
            (squares / (count - 1.0) / count).sqrt()
        });
        Some(Self { count: values.len(), mean, standard_error })
    }

    /// The standard error together with that of the validation set, on which every seed was measured alike:
    /// sqrt(share (1 - share) / size + standard_error^2). The first term is binomial and not divided by the
    /// number of seeds.
    pub(crate) fn error_with_sample(&self, share: f64, size: usize) -> f64 {
        let binomial = share * (1.0 - share) / size as f64;
        (binomial + self.standard_error.unwrap_or(0.0).powi(2)).sqrt()
    }
}

impl fmt::Display for Summary {
    /// `0.7431 ± 0.0061`, or the mean alone for one seed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.standard_error {
            Some(error) => write!(f, "{} ± {}", number(self.mean), number(error)),
            None => f.write_str(&number(self.mean)),
        }
    }
}

/// Four decimals, or an exponent where they would say nothing.
pub(crate) fn number(value: f64) -> String {
    if value != 0.0 && !(1e-3..1e6).contains(&value.abs()) { format!("{value:.2e}") } else { format!("{value:.4}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_direction_is_read_off_the_name() {
        for (name, direction) in [
            ("accuracy", Direction::Higher),
            ("acc", Direction::Higher),
            ("val_binary_accuracy", Direction::Higher),
            ("AUC", Direction::Higher),
            ("true_positives", Direction::Higher),
            ("false_positives", Direction::Lower),
            ("val_mean_squared_error", Direction::Lower),
            ("sauce", Direction::Lower),
        ] {
            assert_eq!(Direction::of(name), direction, "{name}");
        }
    }

    #[test]
    fn mean_and_standard_error_by_hand() {
        assert_eq!(Summary::of(&[]), None);
        let one = Summary::of(&[0.7]).unwrap();
        assert_eq!((one.mean, one.standard_error), (0.7, None));
        let three = Summary::of(&[0.70, 0.72, 0.77]).unwrap();
        assert!((three.mean - 0.73).abs() < 1e-12);
        // Deviations -3, -1, 4 points: s^2 = 26 / 2, error = sqrt(13 / 3) points.
        assert!((three.standard_error.unwrap() - (13.0_f64 / 3.0).sqrt() / 100.0).abs() < 1e-12);
    }

    #[test]
    fn equal_values_have_no_spread() {
        let summary = Summary::of(&[0.8; 3]).unwrap();
        assert_eq!((summary.mean, summary.standard_error), (0.8, Some(0.0)));
    }

    #[test]
    fn the_validation_set_adds_its_binomial_error() {
        let summary = Summary { count: 3, mean: 0.6, standard_error: Some(0.03) };
        // 0.62 * 0.38 / 400 = 0.000589
        let expected = (0.62_f64 * 0.38 / 400.0 + 0.0009).sqrt();
        assert!((summary.error_with_sample(0.62, 400) - expected).abs() < 1e-15);
        let alone = Summary { count: 1, mean: 0.6, standard_error: None };
        assert!((alone.error_with_sample(0.5, 100) - 0.05).abs() < 1e-15);
    }

    #[test]
    fn numbers_keep_digits_that_say_something() {
        assert_eq!(number(0.74312), "0.7431");
        assert_eq!(number(0.0), "0.0000");
        assert_eq!(number(0.000012), "1.20e-5");
        assert_eq!(number(f64::NAN), "NaN");
    }
}
