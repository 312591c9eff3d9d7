//! Single batches, and epochs of a number of steps.
#![allow(clippy::unwrap_used)] // helpers of tests

use crisol_data::{Batch, Dataset};
use crisol_ir::ErrorKind;
use crisol_ir::ndarray::{Array1, Array2, Axis};
use crisol_layers::{Concatenate, Dense, Input, LayerExt};
use crisol_optim::Sgd;
use crisol_train::{Arrays, Compile, Data, Evaluate, Fit, Model, Results, Sequential, TrainStep, Trainer};

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

/// Two inputs, two outputs.
fn two_by_two() -> Model {
    crisol_tensor::random::seed(4);
    let (left, right) = (Input::named("left", [2]), Input::named("right", [1]));
    let joined = Concatenate::new().on_all(&[left.clone(), right.clone()]);
    let outputs = ["a", "b"].map(|name| Dense::new(1).name(name).on(&joined));
    let mut model = Model::new([&left, &right], [&outputs[0], &outputs[1]]).unwrap();
    let compile = Compile::new().optimizer(Sgd::new(0.1)).loss_of("a", "mse").loss_of("b", "mae");
    model.compile(compile.metric_of("b", "mse")).unwrap();
    model
}

#[test]
fn pipelines_hold_several_inputs_and_targets_by_name() {
    let (x, y) = data();
    let (right, b) = (y.mapv(f32::sin).insert_axis(Axis(1)), y.mapv(|y| y * 0.5 + 1.0));
    let arrays = || (Arrays::new().push(&x).push(&right), Arrays::new().push(&y).push(&b));
    let pipeline = Dataset::from(Batch::from((x.clone(), y.clone())).with("b", b.clone()).with("right", right.clone()));
    let mut by_order = two_by_two();
    let history = by_order.fit(arrays(), fit(2)).unwrap();
    let mut by_name = two_by_two();
    assert_eq!(by_name.fit(pipeline.batch(4), fit(2)).unwrap().get("b_mse"), history.get("b_mse"));
    assert_eq!(by_name.get_weights().unwrap(), by_order.get_weights().unwrap());
    assert_eq!(by_name.evaluate(&pipeline).unwrap(), by_order.evaluate(arrays()).unwrap());
    // Changed by a map, one by one, and made ahead of time, they are still there.
    let mapped = pipeline.map(Ok).batch(4).prefetch(2);
    let mut ahead = two_by_two();
    ahead.fit(mapped, fit(2)).unwrap();
    assert_eq!(ahead.get_weights().unwrap(), by_order.get_weights().unwrap());
    // Predictions need no targets, neither y nor the others.
    let inputs = Dataset::from(Batch::from((x.clone(), y.clone())).with("right", right.clone()));
    let predicted = by_name.predict_with(&inputs, Evaluate::new()).unwrap();
    assert_eq!(predicted, by_order.predict_with(arrays().0, Evaluate::new()).unwrap());
    let error = by_name.fit(&inputs, fit(1)).unwrap_err().to_string();
    assert!(error.contains("the model has 2 outputs and the data 1 targets"), "{error}");
    let error = by_name.fit(Dataset::from((x.clone(), y.clone())).batch(4), fit(1)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Name);
    assert!(error.to_string().contains("the batch has no input \"right\""), "{error}");
}

/// Reads what is neither input nor target.
struct Counting;

impl TrainStep for Counting {
    fn train_step(&mut self, _: &mut Model, data: &Data) -> crisol_ir::Result<Results> {
        assert!(data.named("missing").unwrap_err().to_string().contains("count"));
        Ok(Results::new().with("count", data.named("count")?.sum_all()))
    }
}

#[test]
fn steps_of_ones_own_read_other_arrays_by_name() {
    let (x, _) = data();
    let counted = Dataset::from(Batch::from(x).with("count", Array1::from_elem(12, 2.0_f32)));
    let history = Trainer::new(Counting).fit(counted.batch(12), fit(1)).unwrap();
    assert_eq!(history.last("count"), Some(24.0));
}
