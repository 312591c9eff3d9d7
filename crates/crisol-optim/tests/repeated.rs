//! Updates that are repeated without being recorded anew give the bits of those that are recorded each time.
#![allow(clippy::unwrap_used)] // helpers of tests are not seen as tests

use crisol_autograd::GradientTape;
use crisol_optim::transform::{Moment, Step, Transform};
use crisol_optim::{
    Adafactor, Adam, AdamW, IntoOptimizer, Nadam, Optimizer, OptimizerOptions, Parameter, RmsProp, Sgd,
};
use crisol_tensor::{Tensor, Variable, set_cursor, stats};
use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The weights after each of some steps: two optimizers take turns, rates change, and one step leaves a parameter out.
fn trained(make: fn() -> Optimizer, cursor: bool) -> Vec<f32> {
    set_cursor(cursor);
    let x = Variable::new(Tensor::from_slice(&[0.5f32, -1.0, 2.0, 0.25], [2, 2])).unwrap();
    let y = Variable::new(Tensor::from_slice(&[1.5f32, -0.5], [2])).unwrap();
    let mut optimizers = [make(), make()];
    let mut weights = Vec::new();
    for step in 0..12 {
        let optimizer = &mut optimizers[step / 2 % 2];
        let tape = GradientTape::new();
        let loss = ((x.value() * y.value()).square() + &x.value()).sum_all();
        let all = [&x, &y];
        let gradients = tape.gradient(&loss, all[..if step == 7 { 1 } else { 2 }].iter().copied()).unwrap();
        optimizer.set_learning_rate(0.01 * (step + 1) as f64).unwrap();
        optimizer.apply(gradients).unwrap();
        weights.extend(x.value().to_vec::<f32>().unwrap());
        weights.extend(y.value().to_vec::<f32>().unwrap());
    }
    set_cursor(true);
    weights
}

#[test]
fn repeated_updates_have_the_bits_of_recorded_ones() {
    let optimizers: [fn() -> Optimizer; 5] = [
        || Adam::new(0.1).amsgrad(true).global_clipnorm(1.0).into_optimizer().unwrap(),
        || AdamW::new(0.1).weight_decay(0.1).ema(0.9).into_optimizer().unwrap(),
        || RmsProp::new(0.1).centered(true).momentum(0.5).into_optimizer().unwrap(),
        || Nadam::new(0.1).gradient_accumulation_steps(2).into_optimizer().unwrap(),
        || Adafactor::new(0.1).into_optimizer().unwrap(),
    ];
    for make in optimizers {
        let (repeated, recorded) = (trained(make, true), trained(make, false));
        assert!(repeated.iter().all(|x| x.is_finite()), "{repeated:?}");
        assert_eq!(repeated, recorded, "{}", make().name());
    }
}

/// A variable under a path of its own.
struct Named(&'static str, Variable);

impl Parameter for Named {
    fn path(&self) -> Cow<'_, str> {
        self.0.into()
    }

    fn variable(&self) -> &Variable {
        &self.1
    }
}

#[test]
fn an_update_is_not_repeated_for_parameters_of_other_paths() {
    // Both steps are the same program but for the path, by which one decays and the other does not.
    let mut optimizer = Sgd::new(0.5).weight_decay(1.0).exclude_from_weight_decay(["bias"]).into_optimizer().unwrap();
    for _ in 0..3 {
        for (path, expected) in [("dense/kernel", 1.0f32), ("dense/bias", 2.0)] {
            let x = Variable::new(Tensor::from_slice(&[2.0f32, 2.0], [2])).unwrap();
            let pairs = [(Named(path, x.clone()), Tensor::from_slice(&[0.0f32, 0.0], [2]))];
            optimizer.apply_gradients(pairs).unwrap();
            assert_eq!(x.value().to_vec::<f32>().unwrap(), [expected; 2], "{path}");
        }
    }
}

/// Counts how often it is asked; its two numbers are equal in one of the steps.
#[derive(Debug)]
struct Counting(Arc<AtomicUsize>);

impl Transform for Counting {
    fn numbers(&self, moment: &Moment) -> Vec<f64> {
        vec![-moment.learning_rate, moment.number as f64 - 6.0]
    }

    fn apply(&self, step: &Step, update: Tensor, _: &mut [Tensor]) -> Tensor {
        self.0.fetch_add(1, Ordering::Relaxed);
        update * &step.numbers[0] + &step.numbers[1] * 0.0
    }
}

#[test]
fn a_transform_is_asked_once_and_equal_numbers_make_no_plan() {
    let calls = Arc::new(AtomicUsize::new(0));
    let mut optimizer = Optimizer::new("counting", 1.0, vec![Box::new(Counting(calls.clone()))]).unwrap();
    let x = Variable::new(Tensor::from_slice(&[8.0f32], [1])).unwrap();
    let mut after = Vec::new();
    for _ in 0..9 {
        let tape = GradientTape::new();
        let loss = (x.value().square() * 0.25).sum_all();
        optimizer.apply(tape.gradient(&loss, [&x]).unwrap()).unwrap();
        after.push((stats().plans_made, calls.load(Ordering::Relaxed)));
    }
    assert_eq!(x.value().to_vec::<f32>().unwrap(), [8.0 / 512.0]);
    assert_eq!(after[2..], [after[2]; 7], "{after:?}");
}
