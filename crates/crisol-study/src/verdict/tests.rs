//! Verdicts on figures that can be checked by hand.

use super::*;
use crate::{better_than_majority, higher, lower, no_better_than_majority, reaches};
use Verdict::{Confirmed, Refuted, Undecided};

/// One trial a value, with seeds 1, 2, ...; a NaN is a failed run.
fn trials(experiment: &str, metric: &str, values: &[f64]) -> Vec<Trial> {
    (1..)
        .zip(values)
        .map(|(seed, value)| Trial {
            experiment: experiment.to_owned(),
            seed,
            seconds: 1.0,
            outcome: if value.is_nan() {
                Err("out of memory".to_owned())
            } else {
                Ok(Outcome::new().metric(metric, [*value]))
            },
        })
        .collect()
}

fn facts() -> Facts {
    Facts::new().validation(400, 0.62)
}

fn accuracy(hypothesis: Hypothesis, values: &[f64]) -> (Verdict, String) {
    let judgement = judge("basic", &hypothesis, &trials("basic", "val_accuracy", values), &facts());
    (judgement.verdict, judgement.figures)
}

#[test]
fn better_than_majority_needs_the_points_and_the_significance() {
    // sqrt(0.62 * 0.38 / 400) = 2.43 points: two of them are 4.85.
    assert_eq!(accuracy(better_than_majority(8.0), &[0.70]).0, Confirmed);
    assert_eq!(accuracy(better_than_majority(8.0), &[0.699]).0, Refuted);
    assert_eq!(accuracy(better_than_majority(4.0), &[0.665]).0, Undecided);
    assert_eq!(accuracy(better_than_majority(4.0), &[0.67]).0, Confirmed);
    // A mean of 10 points over seeds 20 points apart: s / sqrt 3 = 11.5 points.
    assert_eq!(accuracy(better_than_majority(8.0), &[0.52, 0.72, 0.92]).0, Undecided);
    let (_, figures) = accuracy(better_than_majority(8.0), &[0.70, 0.72, 0.74]);
    assert_eq!(
        figures,
        "val_accuracy 0.7200 ± 0.0115 (best epochs 1, 1, 1); majority 0.6200 of 400 samples; +10.0 points, standard error 2.7"
    );
}

#[test]
fn no_better_than_majority_is_two_standard_errors_one_sided() {
    assert_eq!(accuracy(no_better_than_majority(), &[0.66, 0.67]).0, Confirmed);
    assert_eq!(accuracy(no_better_than_majority(), &[0.38]).0, Confirmed);
    assert_eq!(accuracy(no_better_than_majority(), &[0.67]).0, Refuted);
    assert_eq!(accuracy(no_better_than_majority(), &[0.70, 0.70, 0.70]).0, Refuted);
}

#[test]
fn the_majority_must_be_known() {
    let judgement = judge("basic", &no_better_than_majority(), &trials("basic", "val_accuracy", &[0.6]), &Facts::new());
    assert_eq!(judgement.verdict, Undecided);
    assert!(judgement.figures.contains("Facts::validation"), "{}", judgement.figures);
}

#[test]
fn reaching_is_counted_over_the_seeds_and_forgives_single_precision() {
    let verdict = |values: &[f64], target| {
        let trials = trials("overfit", "accuracy", values);
        judge("overfit", &reaches("accuracy", target), &trials, &facts()).verdict
    };
    assert_eq!(verdict(&[1.0, 1.0], 1.0), Confirmed);
    assert_eq!(verdict(&[1.0, 0.97], 1.0), Undecided);
    assert_eq!(verdict(&[0.97, 0.97], 1.0), Refuted);
    assert_eq!(verdict(&[f64::from(0.9_f32)], 0.9), Confirmed);
    let losses = trials("overfit", "loss", &[0.05]);
    assert_eq!(judge("overfit", &reaches("loss", 0.1), &losses, &facts()).verdict, Confirmed);
    assert_eq!(judge("overfit", &reaches("loss", 0.01), &losses, &facts()).verdict, Refuted);
}

#[test]
fn comparisons_are_paired_by_seed() {
    let verdict = |hypothesis: Hypothesis, own: &[f64], other: &[f64]| {
        let mut all = trials("wide", "loss", own);
        all.extend(trials("basic", "loss", other));
        let judgement = judge("wide", &hypothesis, &all, &facts());
        (judgement.verdict, judgement.figures)
    };
    let claim = || lower("loss").than("basic");
    // The seeds spread by 0.2, the pairs by 0.01: unpaired it would be undecided.
    assert_eq!(verdict(claim(), &[0.4, 0.5, 0.6], &[0.45, 0.56, 0.65]).0, Confirmed);
    assert_eq!(verdict(claim(), &[0.45, 0.56, 0.65], &[0.4, 0.5, 0.6]).0, Refuted);
    assert_eq!(verdict(claim(), &[0.4, 0.6], &[0.5, 0.51]).0, Undecided);
    assert_eq!(verdict(claim(), &[0.4, 0.4], &[0.4, 0.4]).0, Refuted);
    assert_eq!(verdict(higher("loss").than("basic"), &[0.5, 0.6], &[0.4, 0.5]).0, Confirmed);
    let (single, figures) = verdict(claim(), &[0.4], &[0.5]);
    assert_eq!(single, Confirmed);
    assert!(figures.ends_with("lower by 0.1000 (one seed, no spread known)"), "{figures}");
    let (absent, figures) = verdict(lower("loss").than("huge"), &[0.4], &[0.5]);
    assert_eq!((absent, figures.as_str()), (Undecided, "`huge` was not run"));
}

#[test]
fn a_failed_seed_leaves_the_rest_undecided() {
    let (verdict, figures) = accuracy(better_than_majority(8.0), &[0.9, f64::NAN, 0.9]);
    assert_eq!(verdict, Undecided);
    assert!(figures.starts_with("1 of 3 seeds failed; val_accuracy 0.9000"), "{figures}");
    let (verdict, figures) = accuracy(better_than_majority(8.0), &[f64::NAN]);
    assert_eq!(verdict, Undecided);
    assert_eq!(figures, "1 of 1 seeds failed; no seed of `basic` finished");
}

#[test]
fn an_absent_metric_names_those_that_are_there() {
    let (verdict, figures) = accuracy(reaches("acuracy", 1.0), &[0.9]);
    assert_eq!(verdict, Undecided);
    assert_eq!(figures, "no `acuracy` in the history; it has: val_accuracy");
}
