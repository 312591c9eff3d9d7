//! What `fit` owes the optimizer: scaled losses, averages, and steps that are counted only if they were taken.
#![allow(clippy::unwrap_used)] // helpers of tests

mod common;

use common::{bits, points, silent};
use crisol_callbacks::{LambdaCallback, LearningRateScheduler, SwapEmaWeights};
use crisol_data::{Batch, Dataset};
use crisol_ir::ndarray::{Array1, Array2, s};
use crisol_layers::{Dense, Embedding, Flatten, Input, LayerExt};
use crisol_optim::{Adam, IntoOptimizer, OptimizerOptions, Sgd};
use crisol_tensor::random::seed;
use crisol_train::{Compile, Model};

fn regression(optimizer: impl IntoOptimizer) -> Model {
    seed(3);
    let input = Input::new([4]);
    let mut model = Model::new(&input, Dense::new(1).on(&Dense::new(8).activation("relu").on(&input))).unwrap();
    model.compile(Compile::new().optimizer(optimizer).loss("mse")).unwrap();
    model
}

#[test]
fn a_scaled_loss_trains_to_the_same_weights() {
    let (x, y) = points(96);
    let mut plain = regression(Adam::new(0.01));
    let mut scaled = regression(Adam::new(0.01).loss_scale_factor(1024.0));
    let expected = plain.fit((&x, &y), silent(3)).unwrap();
    // A power of two changes no bit, and the logs show the loss itself.
    assert_eq!(scaled.fit((&x, &y), silent(3)).unwrap(), expected);
    assert_eq!(bits(&scaled), bits(&plain));
}

#[test]
fn validation_sees_the_averages_and_training_does_not() {
    let (x, y) = points(96);
    let optimizer = || Sgd::new(0.1).ema(0.5);
    let mut plain = regression(optimizer());
    plain.fit((&x, &y), silent(1)).unwrap();
    // The end of a training leaves the averages in place of the weights.
    let averages = plain.evaluate((&x, &y)).unwrap().get("loss").unwrap();

    let mut swapped = regression(optimizer());
    let mut swap = SwapEmaWeights::new();
    let fit = silent(1).validation_data((&x, &y)).callback(&mut swap);
    let history = swapped.fit((&x, &y), fit).unwrap();
    assert_eq!(history.last("val_loss"), Some(averages));
    assert_eq!(bits(&swapped), bits(&plain));

    // Without it, validation sees the weights themselves.
    let mut unswapped = regression(optimizer());
    let history = unswapped.fit((&x, &y), silent(1).validation_data((&x, &y))).unwrap();
    assert_ne!(history.last("val_loss"), Some(averages));

    // With `swap_on_epoch` what comes after it at the end of an epoch sees averages.
    let mut seen = Vec::new();
    let mut look = LambdaCallback::new().on_epoch_end(|run, _, _| {
        seen.push(run.weights()?);
        Ok(crisol_callbacks::Flow::Continue)
    });
    let mut swap = SwapEmaWeights::new().swap_on_epoch(true);
    let mut model = regression(optimizer());
    model.fit((&x, &y), silent(1).callback(&mut swap).callback(&mut look)).unwrap();
    drop(look);
    let first: Vec<_> = seen[0].iter().map(|(_, value)| crisol_params::bytes::of_value(value)).collect();
    assert_eq!(first, bits(&plain));

    // The callback may serve a second training.
    plain.fit((&x, &y), silent(2)).unwrap();
    model.fit((&x, &y), silent(2).callback(&mut swap)).unwrap();
    assert_eq!(bits(&model), bits(&plain));
}

#[test]
fn a_scheduler_sets_the_rate_before_each_epoch() {
    let (x, y) = points(96);
    let mut model = regression(Sgd::new(0.5));
    let mut halving = LearningRateScheduler::new(|epoch, rate| if epoch == 0 { rate } else { rate / 2.0 });
    let history = model.fit((&x, &y), silent(3).callback(&mut halving)).unwrap();
    assert_eq!(history.get("learning_rate"), [0.5, 0.25, 0.125]);

    // The same rates set by hand give the same weights.
    let mut by_hand = regression(Sgd::new(0.5));
    let mut set = LambdaCallback::new().on_epoch_begin(|run, epoch| run.set_learning_rate([0.5, 0.25, 0.125][epoch]));
    by_hand.fit((&x, &y), silent(3).callback(&mut set)).unwrap();
    assert_eq!(bits(&model), bits(&by_hand));
}

#[test]
fn a_step_that_fails_when_it_is_evaluated_is_not_counted() {
    let words = |rows: usize, most: i32| Array2::from_shape_fn((rows, 3), |(row, at)| (row + at) as i32 % most);
    let y = Array1::from_shape_fn(32, |row| (row % 3) as f32);
    let model = || {
        seed(8);
        let input = Input::new([3]);
        let words = Flatten::new().on(&Embedding::new(5, 2).on(&input));
        let mut model = Model::new(&input, Dense::new(1).on(&words)).unwrap();
        model.compile(Compile::new().optimizer(Adam::new(0.05)).loss("mse")).unwrap();
        model
    };
    let part = |x: &Array2<i32>, rows: std::ops::Range<usize>| {
        Batch::from((x.slice(s![rows.clone(), ..]).to_owned(), y.slice(s![rows]).to_owned()))
    };
    let good = words(32, 5);
    let batches = [part(&good, 0..16), part(&good, 16..32)];
    let two = Dataset::from_batches(move |_| batches.clone().map(Ok));
    let mut untroubled = model();
    untroubled.fit(&two, silent(2)).unwrap();

    // The second batch names a row that the embedding does not have: only computing it shows that.
    let batches = [part(&good, 0..16), part(&words(32, 9), 16..32)];
    let broken = Dataset::from_batches(move |_| batches.clone().map(Ok));
    let first = Dataset::from_batches({
        let batch = part(&good, 0..16);
        move |_| [Ok(batch.clone())]
    });
    let (mut once, mut failed) = (model(), model());
    once.fit(&first, silent(1)).unwrap();
    let error = failed.fit(&broken, silent(1)).unwrap_err();
    assert!(error.to_string().contains("out of range"), "{error}");
    assert_eq!(bits(&failed), bits(&once));
    // Adam corrects by the number of steps: a step too many would show.
    for model in [&mut once, &mut failed] {
        model.fit(&two, silent(2)).unwrap();
    }
    assert_eq!(bits(&failed), bits(&once));
    assert_ne!(bits(&once), bits(&untroubled));
}
