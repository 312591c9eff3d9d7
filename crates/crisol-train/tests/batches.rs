//! Single batches, and epochs of a number of steps.
#![allow(clippy::unwrap_used)] // helpers of tests

use crisol_ir::ndarray::{Array1, Array2, Axis};
use crisol_layers::{Dense, Input};
use crisol_optim::Sgd;
use crisol_train::{Compile, Fit, Sequential};

fn data() -> (Array2<f32>, Array1<f32>) {
    let x = Array2::from_shape_fn((12, 2), |(row, column)| ((row * 7 + column * 5) % 11) as f32 / 8.0 - 0.5);
    let y = x.rows().into_iter().map(|row| row[0] - 2.0 * row[1]).collect();
    (x, y)
}

fn model() -> Sequential {
    crisol_tensor::random::seed(3);
    let mut model = Sequential::new((Input::new([2]), Dense::new(1)));
    model.compile(Compile::new().optimizer(Sgd::new(0.1)).loss("mse").metric("mae")).unwrap();
    model
}

fn fit<'a>(epochs: usize) -> Fit<'a> {
    Fit::epochs(epochs).batch_size(4).shuffle(false).verbose(0)
}

#[test]
fn batches_one_by_one_are_an_epoch() {
    let (x, y) = data();
    let mut whole = model();
    let history = whole.fit((&x, &y), fit(1)).unwrap();
    let mut single = model();
    let mut last = None;
    for (x, y) in x.axis_chunks_iter(Axis(0), 4).zip(y.axis_chunks_iter(Axis(0), 4)) {
        last = Some(single.train_on_batch((&x.to_owned(), &y.to_owned()), &[]).unwrap());
    }
    let last = last.unwrap();
    assert_eq!((last.get("loss"), last.get("mae")), (history.last("loss"), history.last("mae")));
    assert_eq!(single.get_weights().unwrap(), whole.get_weights().unwrap());
    single.reset_metrics().unwrap();
    assert_eq!(single.test_on_batch((&x, &y)).unwrap(), whole.evaluate((&x, &y)).unwrap());
    assert_eq!(single.predict_on_batch(&x).unwrap(), whole.predict(&x).unwrap());
}

#[test]
fn an_epoch_of_steps_goes_on_where_the_last_one_ended() {
    let (x, y) = data();
    let mut passes = model();
    passes.fit((&x, &y), fit(2)).unwrap();
    let mut steps = model();
    let history = steps.fit((&x, &y), fit(3).steps_per_epoch(2)).unwrap();
    assert_eq!(history.epochs().len(), 3);
    assert_eq!(steps.get_weights().unwrap(), passes.get_weights().unwrap());
}

#[test]
fn the_size_of_validation_batches_changes_no_number() {
    let (x, y) = data();
    let trained = |fit: Fit<'_>| model().fit((&x, &y), fit).unwrap().last("val_loss").unwrap();
    let expected = trained(fit(1).validation_data((&x, &y)));
    let found = trained(fit(1).validation_data((&x, &y)).validation_batch_size(5));
    assert!((found - expected).abs() < 1e-6, "{found} against {expected}");
}
