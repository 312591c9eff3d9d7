//! Weighing a hypothesis against what came out.

use std::fmt;

use crate::facts::{Facts, Validation};
use crate::hypothesis::{Claim, Hypothesis};
use crate::outcome::{Best, Outcome};
use crate::report::Trial;
use crate::statistics::{Direction, Summary, number};

/// What the figures say about a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They bear it out.
    Confirmed,
    /// They contradict it.
    Refuted,
    /// They do not decide: too close, or not all there.
    Undecided,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Confirmed => "confirmed",
            Self::Refuted => "refuted",
            Self::Undecided => "undecided",
        })
    }
}

/// A hypothesis with its verdict and the figures that decide it.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// The experiment of which it was expected.
    pub experiment: String,
    /// What was expected.
    pub hypothesis: Hypothesis,
    /// What came of it.
    pub verdict: Verdict,
    /// Best-epoch values, means and standard errors, the majority: whatever the verdict rests on.
    pub figures: String,
}

/// Metrics arrive as f32: 0.9 comes back as 0.89999998, and that is meant to have reached 0.9.
const ROUNDING: f64 = 1e-6;

pub(crate) fn judge(experiment: &str, hypothesis: &Hypothesis, trials: &[Trial], facts: &Facts) -> Judgement {
    let (mut verdict, mut figures) = match weigh(experiment, &hypothesis.claim, trials, facts) {
        Ok(decided) => decided,
        Err(reason) => (Verdict::Undecided, reason),
    };
    // A failed seed is missing for a reason that may well be the experiment's own; the rest would be a selection.
    let failed = of(experiment, trials).filter(|trial| trial.outcome.is_err()).count();
    if failed > 0 {
        verdict = Verdict::Undecided;
        let all = of(experiment, trials).count();
        figures = format!("{failed} of {all} seeds failed; {figures}");
    }
    Judgement { experiment: experiment.to_owned(), hypothesis: hypothesis.clone(), verdict, figures }
}

/// The verdict and its figures, or why there can be none.
fn weigh(experiment: &str, claim: &Claim, trials: &[Trial], facts: &Facts) -> Result<(Verdict, String), String> {
    match claim {
        Claim::BetterThanMajority { points } => {
            let (excess, error, figures) = against_majority(experiment, trials, facts)?;
            let verdict = if excess < points / 100.0 - ROUNDING {
                Verdict::Refuted
            } else if excess > 2.0 * error {
                Verdict::Confirmed
            } else {
                Verdict::Undecided
            };
            Ok((verdict, figures))
        }
        Claim::NoBetterThanMajority => {
            let (excess, error, figures) = against_majority(experiment, trials, facts)?;
            let verdict = if excess <= 2.0 * error + ROUNDING { Verdict::Confirmed } else { Verdict::Refuted };
            Ok((verdict, figures))
        }
        Claim::Reaches { metric, value } => {
            let bests = bests(experiment, metric, trials)?;
            let direction = Direction::of(metric);
            let slack = ROUNDING * value.abs().max(1.0);
            let there = |best: &Best| best.value == *value || !direction.prefers(*value, best.value);
            let reached = bests.iter().filter(|(_, best)| there(best) || (best.value - value).abs() <= slack).count();
            let verdict = match reached {
                0 => Verdict::Refuted,
                all if all == bests.len() => Verdict::Confirmed,
                _ => Verdict::Undecided,
            };
            let figures = format!("{} of {} seeds reach it; {}", reached, bests.len(), spell(metric, &bests)?);
            Ok((verdict, figures))
        }
        Claim::Differs { metric, direction, other } => compare(experiment, metric, *direction, other, trials),
    }
}

/// Excess over the majority, its standard error, and both in words.
fn against_majority(experiment: &str, trials: &[Trial], facts: &Facts) -> Result<(f64, f64, String), String> {
    let Some(Validation { size, majority }) = facts.validation else {
        return Err("the majority is not known: give `Facts::validation(size, majority)`".to_owned());
    };
    let outcomes = finished(experiment, trials)?;
    let metric = outcomes[0]
        .metrics()
        .find(|name| name.starts_with("val_") && name.ends_with("accuracy"))
        .ok_or_else(|| missing("val_accuracy", outcomes[0]))?;
    let bests = bests(experiment, metric, trials)?;
    let summary = summary(&bests)?;
    let error = summary.error_with_sample(majority, size);
    let excess = summary.mean - majority;
    let figures = format!(
        "{}; majority {} of {size} samples; {:+.1} points, standard error {:.1}",
        spell(metric, &bests)?,
        number(majority),
        excess * 100.0,
        error * 100.0,
    );
    Ok((excess, error, figures))
}

fn compare(
    experiment: &str,
    metric: &str,
    direction: Direction,
    other: &str,
    trials: &[Trial],
) -> Result<(Verdict, String), String> {
    if of(other, trials).next().is_none() {
        return Err(format!("`{other}` was not run"));
    }
    let (own, others) = (bests(experiment, metric, trials)?, bests(other, metric, trials)?);
    // How far on the claimed side, seed by seed: what both share (the split, the order of batches) cancels.
    let differences: Vec<f64> = own
        .iter()
        .filter_map(|(seed, best)| {
            let (_, against) = others.iter().find(|(other, _)| other == seed)?;
            Some(match direction {
                Direction::Lower => against.value - best.value,
                Direction::Higher => best.value - against.value,
            })
        })
        .collect();
    let Some(difference) = Summary::of(&differences) else {
        return Err(format!("no seed finished both `{experiment}` and `{other}`"));
    };
    let band = 2.0 * difference.standard_error.unwrap_or(0.0);
    let verdict = if difference.mean > band {
        Verdict::Confirmed
    } else if difference.mean < -band || (difference.mean <= 0.0 && band == 0.0) {
        Verdict::Refuted
    } else {
        Verdict::Undecided
    };
    let single = if difference.count == 1 { " (one seed, no spread known)" } else { "" };
    let figures = format!(
        "{} here, {} in `{other}`; {direction} by {difference}{single}",
        spell(metric, &own)?,
        summary(&others)?,
    );
    Ok((verdict, figures))
}

fn of<'a>(experiment: &'a str, trials: &'a [Trial]) -> impl Iterator<Item = &'a Trial> {
    trials.iter().filter(move |trial| trial.experiment == experiment)
}

/// The outcomes of the seeds that finished, at least one.
fn finished<'a>(experiment: &'a str, trials: &'a [Trial]) -> Result<Vec<&'a Outcome>, String> {
    let outcomes: Vec<_> = of(experiment, trials).filter_map(|trial| trial.outcome.as_ref().ok()).collect();
    if outcomes.is_empty() {
        return Err(format!("no seed of `{experiment}` finished"));
    }
    Ok(outcomes)
}

/// The best epoch of each seed that finished.
fn bests(experiment: &str, metric: &str, trials: &[Trial]) -> Result<Vec<(u64, Best)>, String> {
    finished(experiment, trials)?;
    of(experiment, trials)
        .filter_map(|trial| Some((trial.seed, trial.outcome.as_ref().ok()?)))
        .map(|(seed, outcome)| match outcome.best(metric) {
            Some(best) => Ok((seed, best)),
            None => Err(missing(metric, outcome)),
        })
        .collect()
}

fn missing(metric: &str, outcome: &Outcome) -> String {
    let names: Vec<_> = outcome.metrics().collect();
    if names.contains(&metric) {
        format!("`{metric}` was never finite")
    } else {
        format!("no `{metric}` in the history; it has: {}", names.join(", "))
    }
}

fn summary(bests: &[(u64, Best)]) -> Result<Summary, String> {
    let values: Vec<f64> = bests.iter().map(|(_, best)| best.value).collect();
    Summary::of(&values).ok_or_else(|| "no seed finished".to_owned())
}

/// `val_accuracy 0.7431 ± 0.0061 (best epochs 41, 38, 52)`.
fn spell(metric: &str, bests: &[(u64, Best)]) -> Result<String, String> {
    let epochs: Vec<String> = bests.iter().map(|(_, best)| best.epoch.to_string()).collect();
    let plural = if epochs.len() == 1 { "" } else { "s" };
    Ok(format!("{metric} {} (best epoch{plural} {})", summary(bests)?, epochs.join(", ")))
}

#[cfg(test)]
mod tests;
