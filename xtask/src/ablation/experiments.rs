//! The experiments of the study, each with what it is expected to show.

use super::models::{Entry, simple_cnn};
use super::progress::EveryFew;
use super::subject::Subject;
use anyhow::Result;
use crisol::prelude::*;
use crisol_study::{Experiment, Outcome, Study, better_than_majority, no_better_than_majority, reaches};
use std::time::Instant;

/// How many times the epochs of the others `overfit` may take, and at most.
const OVERFIT_EPOCHS: (usize, usize) = (6, 240);

/// Adds the three experiments to a study.
pub fn add<'a>(study: Study<'a>, subject: &'a Subject) -> Study<'a> {
    study
        .experiment(
            Experiment::new("basic", move |run| whole(subject, Entry::Rescaled, run)).expect(
                better_than_majority(8.0)
                    .because("a network that learns from its input beats always naming the larger class"),
            ),
        )
        .experiment(
            Experiment::new("zeros", move |run| whole(subject, Entry::Dropped, run)).expect(
                no_better_than_majority()
                    .because("without its input the network can only learn how frequent the classes are"),
            ),
        )
        .experiment(
            Experiment::new("overfit", move |run| one_batch(subject, run))
                .on_one_batch()
                .expect(reaches("accuracy", 1.0).because("a network wired up right can learn 32 photos by heart")),
        )
}

/// Trains on all training photos.
fn whole(subject: &Subject, entry: Entry, run: &crisol_study::Run) -> Result<Outcome> {
    let epochs = run.epochs.unwrap_or(1);
    random::seed(run.seed);
    let mut model = simple_cnn(subject.size, entry)?;
    let start = Instant::now();
    let mut progress = EveryFew::new(epochs);
    let fit =
        Fit::epochs(epochs).validation_data(&*subject.validation).verbose(Verbose::Silent).callback(&mut progress);
    let history = model.fit(&*subject.training, fit)?;
    outcome(&model, &history, start)
}

/// Trains on the first batch alone until it is learnt by heart.
fn one_batch(subject: &Subject, run: &crisol_study::Run) -> Result<Outcome> {
    let (times, most) = OVERFIT_EPOCHS;
    let epochs = run.epochs.unwrap_or(most).saturating_mul(times).min(most);
    random::seed(run.seed);
    let mut model = simple_cnn(subject.size, Entry::Raw)?;
    let start = Instant::now();
    let mut progress = EveryFew::new(epochs);
    let fit = Fit::epochs(epochs)
        .validation_data(subject.validation.take(1))
        .verbose(Verbose::Silent)
        .callback(&mut progress);
    let history = model.fit(subject.training.take(1).cache(), fit)?;
    outcome(&model, &history, start)
}

fn outcome(model: &Model, history: &History, start: Instant) -> Result<Outcome> {
    let mut outcome =
        Outcome::new().parameters(model.tree()?.parameters() as u64).seconds(start.elapsed().as_secs_f64());
    for name in history.names() {
        outcome = outcome.metric(name, history.get(name));
    }
    Ok(outcome)
}
