//! What several callbacks share: a number that is watched, and whether it got better.

use crate::logs::Logs;
use crate::run::Run;
use crisol_ir::{Error, ErrorKind, Result};

/// Which way a watched number gets better.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// By the name of the number: losses and errors down, accuracies and their like up.
    #[default]
    Auto,
    /// Smaller is better.
    Min,
    /// Larger is better.
    Max,
}

/// Words in the names of numbers that grow when a model gets better; every other name of Keras' metrics shrinks.
const UP: [&str; 17] = [
    "accuracy",
    "acc",
    "auc",
    "precision",
    "recall",
    "sensitivity",
    "specificity",
    "f1",
    "f1_score",
    "fbeta",
    "fbeta_score",
    "iou",
    "io_u",
    "r2",
    "r2_score",
    "true_positives",
    "true_negatives",
];
const DOWN: [&str; 12] = [
    "loss",
    "error",
    "mse",
    "mae",
    "mape",
    "msle",
    "crossentropy",
    "divergence",
    "hinge",
    "poisson",
    "logcosh",
    "false",
];

/// A number that is watched.
#[derive(Clone, Debug)]
pub(crate) struct Monitor {
    pub(crate) name: String,
    pub(crate) mode: Mode,
    pub(crate) min_delta: f64,
    pub(crate) best: Option<f64>,
    pub(crate) has_warned: bool,
}

impl Monitor {
    pub(crate) fn new(name: &str) -> Monitor {
        Monitor { name: name.to_string(), mode: Mode::Auto, min_delta: 0.0, best: None, has_warned: false }
    }

    /// The number, if there is one. That it is missing is said once.
    pub(crate) fn current(&mut self, callback: &str, run: &mut dyn Run, logs: &Logs) -> Option<f64> {
        let current = logs.get(&self.name);
        if current.is_none() && !self.has_warned {
            self.has_warned = true;
            let names: Vec<&str> = logs.iter().map(|(name, _)| name).collect();
            let help = match self.name.strip_prefix("val_") {
                Some(name) if logs.get(name).is_some() => "give fit validation_data or validation_split",
                _ => "give monitor one of these names",
            };
            run.warn(format!(
                "{callback}: monitor {:?} is not among the numbers of the epoch: {} ({help})",
                self.name,
                names.join(", ")
            ));
        }
        current
    }

    /// Whether a value is better than another by more than `min_delta`.
    pub(crate) fn is_better(&self, callback: &str, value: f64, than: Option<f64>) -> Result<bool> {
        let up = self.goes_up(callback)?;
        Ok(match than {
            None => true,
            Some(than) if up => value - self.min_delta > than,
            Some(than) => value + self.min_delta < than,
        })
    }

    pub(crate) fn goes_up(&self, callback: &str) -> Result<bool> {
        let has = |words: &[&str]| {
            let name = snake_case(self.name.strip_prefix("val_").unwrap_or(&self.name));
            let parts: Vec<&str> = name.split('_').collect();
            words.iter().any(|word| {
                let wanted: Vec<&str> = word.split('_').collect();
                parts.windows(wanted.len()).any(|window| window == wanted)
            })
        };
        match self.mode {
            Mode::Max => Ok(true),
            Mode::Min => Ok(false),
            Mode::Auto if has(&DOWN) => Ok(false),
            Mode::Auto if has(&UP) => Ok(true),
            Mode::Auto => {
                let text = format!("it is not known whether {:?} should grow or shrink", self.name);
                Err(Error::new(ErrorKind::Value, text)
                    .operation(callback.to_string())
                    .help("give it .mode(Mode::Max) or .mode(Mode::Min)"))
            }
        }
    }
}

/// `RootMeanSquaredError`, by which a metric may go as well, as `root_mean_squared_error`; `AUC` as `auc`.
fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    let mut was_small = false;
    for letter in name.chars() {
        if letter.is_uppercase() && was_small {
            snake.push('_');
        }
        was_small = !letter.is_uppercase() && letter != '_';
        snake.extend(letter.to_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_direction_follows_from_the_name() {
        let up = |name: &str| Monitor::new(name).goes_up("early_stopping").ok();
        for name in [
            "val_accuracy",
            "auc",
            "AUC",
            "val_F1Score",
            "sparse_categorical_accuracy",
            "sparse_top_k_categorical_accuracy",
            "val_recall",
        ] {
            assert_eq!(up(name), Some(true), "{name}");
        }
        for name in [
            "loss",
            "val_loss",
            "digits_loss",
            "mae",
            "root_mean_squared_error",
            "RootMeanSquaredError",
            "binary_crossentropy",
        ] {
            assert_eq!(up(name), Some(false), "{name}");
        }
        assert_eq!(up("std_of_activation"), None);
    }

    #[test]
    fn better_means_by_more_than_the_least_change() {
        let monitor = Monitor { min_delta: 0.1, ..Monitor::new("loss") };
        assert!(monitor.is_better("x", 0.5, None).unwrap());
        assert!(!monitor.is_better("x", 0.45, Some(0.5)).unwrap());
        assert!(monitor.is_better("x", 0.35, Some(0.5)).unwrap());
        assert!(!monitor.is_better("x", f64::NAN, Some(0.5)).unwrap());
    }
}
