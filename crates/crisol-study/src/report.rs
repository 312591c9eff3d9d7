//! What came out of a study.

use std::fmt;
use std::path::PathBuf;

use crate::facts::Facts;
use crate::statistics::Summary;
use crate::table::Table;
use crate::verdict::Judgement;
use crate::{Error, Outcome, Result};

/// One experiment with one seed.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Trial {
    /// The experiment's name.
    pub experiment: String,
    /// Its seed.
    pub seed: u64,
    /// How long it took.
    pub seconds: f64,
    /// What came out, or the error's text.
    pub outcome: Result<Outcome, String>,
}

/// Everything that a study found; its [`Display`](fmt::Display) is the summary for a terminal.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Report {
    /// The study's name.
    pub study: String,
    /// Where the files are.
    pub folder: PathBuf,
    /// Every run, experiment by experiment, seed by seed.
    pub trials: Vec<Trial>,
    /// Every hypothesis with its verdict.
    pub judgements: Vec<Judgement>,
    pub(crate) experiments: Vec<String>,
    pub(crate) seeds: Vec<u64>,
    pub(crate) facts: Facts,
    pub(crate) command: String,
    pub(crate) versions: Vec<(String, String)>,
}

impl Report {
    /// The runs that failed.
    pub fn failures(&self) -> impl Iterator<Item = (&Trial, &str)> {
        self.trials.iter().filter_map(|trial| Some((trial, trial.outcome.as_ref().err()?.as_str())))
    }

    /// An error when any run failed: what a program's exit code should follow.
    ///
    /// A refuted hypothesis is a result, not a failure.
    ///
    /// # Errors
    /// [`Error::Failed`] with experiment, seed and error of each failed run.
    pub fn ensure_complete(&self) -> Result<()> {
        let failures: Vec<String> = self
            .failures()
            .map(|(trial, error)| format!("{} (seed {}): {error}", trial.experiment, trial.seed))
            .collect();
        if failures.is_empty() {
            return Ok(());
        }
        Err(Error::Failed { runs: self.trials.len(), failures })
    }

    /// Experiments against metrics: best epochs, mean and standard error over the seeds.
    pub(crate) fn comparison(&self) -> Table {
        let metrics = self.metrics();
        let mut header = vec!["experiment".to_owned(), "parameters".to_owned(), "epochs".to_owned()];
        header.extend(metrics.iter().map(|metric| (*metric).to_owned()));
        header.push("seconds".to_owned());
        let rows = self
            .experiments
            .iter()
            .map(|experiment| {
                let outcomes = self.outcomes(experiment);
                let mut row = vec![experiment.clone()];
                row.push(outcomes.iter().find_map(|outcome| outcome.parameters).map_or_else(String::new, thousands));
                row.push(range(outcomes.iter().map(|outcome| outcome.epochs())));
                for metric in &metrics {
                    let values: Vec<f64> =
                        outcomes.iter().filter_map(|outcome| Some(outcome.best(metric)?.value)).collect();
                    row.push(Summary::of(&values).map_or_else(String::new, |summary| summary.to_string()));
                }
                let seconds: Vec<f64> = self
                    .trials
                    .iter()
                    .filter(|trial| trial.experiment == *experiment && trial.outcome.is_ok())
                    .map(|trial| trial.seconds)
                    .collect();
                row.push(
                    Summary::of(&seconds).map_or_else(|| "failed".to_owned(), |summary| format!("{:.1}", summary.mean)),
                );
                row
            })
            .collect();
        Table { header, rows }
    }

    /// The runs of an experiment that finished.
    pub(crate) fn outcomes(&self, experiment: &str) -> Vec<&Outcome> {
        self.trials
            .iter()
            .filter(|trial| trial.experiment == experiment)
            .filter_map(|trial| trial.outcome.as_ref().ok())
            .collect()
    }

    /// Every metric of any run, in the order of first appearance.
    pub(crate) fn metrics(&self) -> Vec<&str> {
        let mut metrics = Vec::new();
        for outcome in self.trials.iter().filter_map(|trial| trial.outcome.as_ref().ok()) {
            for name in outcome.metrics() {
                if !metrics.contains(&name) {
                    metrics.push(name);
                }
            }
        }
        metrics
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.comparison().text())?;
        for judgement in &self.judgements {
            writeln!(
                f,
                "{:<9}  {}: {}\n           {}",
                judgement.verdict, judgement.experiment, judgement.hypothesis, judgement.figures
            )?;
        }
        for (trial, error) in self.failures() {
            writeln!(f, "failed     {} (seed {}): {error}", trial.experiment, trial.seed)?;
        }
        write!(f, "report in {}", self.folder.display())
    }
}

/// `10177` as `10,177`.
fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `60`, or `38 to 60` when the seeds differ.
fn range(values: impl Iterator<Item = usize> + Clone) -> String {
    match (values.clone().min(), values.max()) {
        (Some(low), Some(high)) if low < high => format!("{low} to {high}"),
        (Some(low), _) => low.to_string(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        let all = [1, 12, 123, 1234, 1_234_567].map(thousands);
        assert_eq!(all, ["1", "12", "123", "1,234", "1,234,567"]);
    }

    #[test]
    fn a_range_of_one_value_is_that_value() {
        assert_eq!(range([60, 60].into_iter()), "60");
        assert_eq!(range([60, 38].into_iter()), "38 to 60");
        assert_eq!(range(std::iter::empty()), "");
    }
}
