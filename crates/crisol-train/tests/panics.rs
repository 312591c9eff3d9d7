//! Panics in somebody's code during training: the model stays whole, and so do thread and pool.
#![allow(clippy::unwrap_used)] // helpers of tests

mod common;

use common::{bits, dense, points, silent};
use crisol_callbacks::{Callback, Flow, Run};
use crisol_ir::Result;
use crisol_layers::{Dense, Input, Layer, LayerExt, Scope};
use crisol_tensor::Tensor;
use crisol_train::{Compile, Model};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

struct Panicking {
    step: usize,
}

impl Callback for Panicking {
    fn on_train_batch_end(&mut self, _: &mut dyn Run, step: usize) -> Result<Flow> {
        assert!(step != self.step, "a callback gives up");
        Ok(Flow::Continue)
    }
}

#[test]
fn a_panicking_callback_loses_neither_optimizer_nor_metrics() {
    let (x, y) = points(64);
    let mut model = dense(5);
    let mut callback = Panicking { step: 1 };
    let run = || model.fit((&x, &y), silent(1).batch_size(16).callback(&mut callback)).map(drop);
    assert!(catch_unwind(AssertUnwindSafe(run)).is_err());
    let history = model.fit((&x, &y), silent(1).batch_size(16)).unwrap();
    assert_eq!(history.get("accuracy").len(), 1);
}

static PANICS: AtomicBool = AtomicBool::new(false);

#[derive(Debug)]
struct Moody;

impl Layer for Moody {
    fn call(&self, _: &mut Scope, x: &Tensor) -> Result<Tensor> {
        let y = x * 2.0;
        assert!(!PANICS.load(Ordering::Relaxed), "a layer gives up");
        Ok(y)
    }
}

#[test]
fn a_panicking_layer_changes_no_weight() {
    let (x, y) = points(64);
    let input = Input::new([4]);
    let output = Dense::new(1).on(&Moody.on(&input));
    let mut model = Model::new(&input, &output).unwrap();
    model.compile(Compile::new().optimizer("adam").loss("mse")).unwrap();
    model.fit((&x, &y), silent(1)).unwrap();
    let before = bits(&model);
    PANICS.store(true, Ordering::Relaxed);
    let run = || model.fit((&x, &y), silent(1)).map(drop);
    assert!(catch_unwind(AssertUnwindSafe(run)).is_err());
    PANICS.store(false, Ordering::Relaxed);
    assert_eq!(bits(&model), before);
    model.fit((&x, &y), silent(1)).unwrap();
    assert_ne!(bits(&model), before);
}

#[test]
fn models_that_train_side_by_side_get_the_bits_that_they_get_alone() {
    let train = |seed: u64| {
        let (x, y) = points(96);
        let mut model = dense(seed);
        model.fit((&x, &y), silent(2).batch_size(20).validation_split(0.25)).unwrap();
        bits(&model)
    };
    let alone: Vec<_> = (1..4).map(train).collect();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (1..4).map(|seed| scope.spawn(move || train(seed))).collect();
        for (thread, alone) in threads.into_iter().zip(alone) {
            assert_eq!(thread.join().unwrap(), alone);
        }
    });
}
