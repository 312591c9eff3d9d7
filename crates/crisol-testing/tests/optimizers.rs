//! The checks of optimizers pass the built-in ones and find faults.
#![allow(clippy::unwrap_used)] // helpers of tests are not seen as tests

use crisol_optim::transform::{Moment, ScaleByRate, Step, Transform};
use crisol_optim::{Adam, Optimizer, RmsProp, Sgd};
use crisol_tensor::Tensor;
use crisol_testing::check_optimizer;
use std::sync::atomic::{AtomicU64, Ordering};

#[test]
fn the_built_in_ones_are_right() {
    check_optimizer(|| Sgd::new(0.05)).all().unwrap();
    check_optimizer(|| Sgd::new(0.05).momentum(0.9).nesterov(true)).all().unwrap();
    check_optimizer(|| RmsProp::new(0.05)).all().unwrap();
    check_optimizer(|| Adam::new(0.05)).all().unwrap();
}

/// Goes uphill.
#[derive(Debug)]
struct Uphill;

impl Transform for Uphill {
    fn apply(&self, _: &Step, update: Tensor, _: &mut [Tensor]) -> Tensor {
        -update
    }
}

/// Steps that shrink with a count of its own, which no state holds.
#[derive(Debug, Default)]
struct Forgetful(AtomicU64);

impl Transform for Forgetful {
    fn numbers(&self, _: &Moment) -> Vec<f64> {
        vec![1.0 + self.0.fetch_add(1, Ordering::Relaxed) as f64]
    }

    fn apply(&self, step: &Step, update: Tensor, _: &mut [Tensor]) -> Tensor {
        update / &step.numbers[0]
    }
}

#[test]
fn faults_are_found() {
    let uphill = || Optimizer::new("uphill", 0.001, vec![Box::new(ScaleByRate), Box::new(Uphill)]).unwrap();
    let error = check_optimizer(uphill).descends().unwrap_err().to_string();
    assert!(error.starts_with("uphill: descends: the loss of a bowl is "), "{error}");

    let forgetful =
        || Optimizer::new("forgetful", 0.1, vec![Box::new(ScaleByRate), Box::new(Forgetful::default())]).unwrap();
    check_optimizer(forgetful).determinism().unwrap();
    let error = check_optimizer(forgetful).state().unwrap_err().to_string();
    assert!(
        error.starts_with("forgetful: state: an optimizer restored from the state of another goes on differently"),
        "{error}"
    );
}
