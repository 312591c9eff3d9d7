//! What a step costs beside its arithmetic: plans are made once a shape, kernels are compiled once.
#![allow(clippy::unwrap_used, clippy::expect_used)] // helpers of tests

mod common;

use common::{bars, conv, dense, points, silent};
use crisol_callbacks::{Callback, Flow, Run};
use crisol_ir::Result;
use crisol_tensor::stats;
use crisol_train::{IntoFeed, Model};

/// The counters after every step: plans made, plans found, kernels compiled.
#[derive(Default)]
struct Counters {
    after: Vec<(u64, u64, u64)>,
    /// Whether every step has another learning rate.
    changing: bool,
}

impl Callback for Counters {
    fn on_train_batch_end(&mut self, run: &mut dyn Run, step: usize) -> Result<Flow> {
        let stats = stats();
        self.after.push((stats.plans_made, stats.plan_hits, stats.kernels_compiled));
        if self.changing {
            run.set_learning_rate(1e-3 * (step + 1) as f64)?;
        }
        Ok(Flow::Continue)
    }
}

fn counted<'d>(model: &mut Model, data: impl IntoFeed<'d>, batch_size: usize, changing: bool) -> Vec<(u64, u64, u64)> {
    let mut counters = Counters { changing, ..Counters::default() };
    model.fit(data, silent(1).batch_size(batch_size).callback(&mut counters)).unwrap();
    counters.after
}

/// The batch sizes divide the 96 samples. Each test takes its own: kernels are kept by the process, and one that depended on
/// the batch size must not be found because another test has compiled it.
fn keeps_its_promises<'d, F: IntoFeed<'d> + Clone>(mut model: Model, data: F, [batch, other_batch]: [usize; 2]) {
    let first = counted(&mut model, data.clone(), batch, false);
    assert_eq!(first.len(), 96 / batch);
    for pair in first[1..].windows(2) {
        let ((made, hits, compiled), (next_made, next_hits, next_compiled)) = (pair[0], pair[1]);
        assert_eq!(next_made, made, "a later step of the same shape made a plan: {first:?}");
        assert_eq!(next_compiled, compiled, "a later step of the same shape compiled: {first:?}");
        assert_eq!(next_hits, hits + 1, "a step is one plan: {first:?}");
    }
    assert_eq!(first[0].0, first[1].0, "the second step made a plan: {first:?}");
    assert_eq!(first[0].2, first[1].2, "the second step compiled: {first:?}");

    let compiled = stats().kernels_compiled;
    let other = counted(&mut model, data.clone(), other_batch, false);
    assert_eq!(other.len(), 96 / other_batch);
    let last = other.len() - 1;
    assert_eq!(stats().kernels_compiled, compiled, "another batch size compiled");
    assert_eq!(other[0].0, other[last].0, "another batch size is one plan: {other:?}");

    let rates = counted(&mut model, data, other_batch, true);
    assert_eq!(rates[0].0, other[last].0, "the first step of a later fit made a plan: {rates:?}");
    assert_eq!(rates[0].0, rates[last].0, "a learning rate made a plan: {rates:?}");
    assert_eq!(stats().kernels_compiled, compiled, "a learning rate compiled");
}

#[test]
fn dense_steps_are_planned_once() {
    keeps_its_promises(dense(1), points(96), [16, 24]);
}

#[test]
fn convolutional_steps_are_planned_once() {
    keeps_its_promises(conv(1), bars(96), [12, 32]);
}
