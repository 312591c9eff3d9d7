//! Steps of one's own: in both of the forms of Keras' guide, with models of their own, and what layers add.
#![allow(clippy::unwrap_used)] // helpers of tests

mod common;

use common::{bits, dense, points, silent};
use crisol_autograd::GradientTape;
use crisol_callbacks::{Callback, EarlyStopping, Flow, LambdaCallback, Mode, TerminateOnNan};
use crisol_ir::ndarray::{Array2, arr2};
use crisol_ir::{DType, ErrorKind, Result};
use crisol_layers::{Dense, Inference, Input, LayerExt, Training};
use crisol_metrics::Mean;
use crisol_optim::{Adam, Optimizer};
use crisol_params::Weight;
use crisol_tensor::Tensor;
use crisol_train::{Compile, Data, Fit, Model, Results, Sequential, TrainStep, Trainer};

struct Custom;

impl TrainStep for Custom {
    fn train_step(&mut self, model: &mut Model, data: &Data) -> Result<Results> {
        let tape = GradientTape::new();
        let y_pred = model.call(data.x(), Training)?;
        let loss = model.compiled_loss(data.y()?, &y_pred, data.sample_weight())?;
        model.apply(tape.gradient(&loss, model.trainable_weights()?)?)?;
        model.update_metrics(data.y()?, &y_pred, data.sample_weight())?;
        Ok(model.results())
    }

    fn test_step(&mut self, model: &mut Model, data: &Data) -> Result<Results> {
        let y_pred = model.call(data.x(), Inference)?;
        model.compiled_loss(data.y()?, &y_pred, None)?;
        model.update_metrics(data.y()?, &y_pred, None)?;
        Ok(model.results())
    }
}

#[test]
fn a_step_written_out_gives_the_bits_of_the_built_in_one() {
    let (x, y) = points(100);
    let mut built_in = dense(3);
    let expected = built_in.fit((&x, &y), silent(3).validation_split(0.2)).unwrap();
    let mut trainer = Trainer::of(dense(3), Custom);
    let history = trainer.fit((&x, &y), silent(3).validation_split(0.2)).unwrap();
    assert_eq!(history, expected);
    assert_eq!(bits(&trainer), bits(&built_in));
    assert_eq!(trainer.evaluate((&x, &y)).unwrap(), built_in.evaluate((&x, &y)).unwrap());
    assert_eq!(trainer.predict(&x).unwrap(), built_in.predict(&x).unwrap());
    assert_eq!(trainer.summary().unwrap(), built_in.summary().unwrap());
}

/// Its own loss and its own means; one of them is never reset.
struct Lower {
    loss: Mean,
    all: Mean,
}

impl TrainStep for Lower {
    fn train_step(&mut self, model: &mut Model, data: &Data) -> Result<Results> {
        let tape = GradientTape::new();
        let loss = (data.y()? - model.call(data.x(), Training)?).square().mean_all();
        model.apply(tape.gradient(&loss, model.trainable_weights()?)?)?;
        self.loss.update(&loss, None)?;
        self.all.update(&loss, None)?;
        Ok(Results::new().with("loss", self.loss.result()?).with("all", self.all.result()?))
    }

    fn reset_metrics(&mut self) -> Result<()> {
        self.loss.reset()
    }
}

#[test]
fn metrics_of_a_step_are_reset_if_it_says_so() {
    let x = Array2::from_shape_fn((64, 2), |(row, axis)| common::noise(row * 2 + axis));
    let y = Array2::from_shape_fn((64, 1), |(row, _)| x[[row, 0]] - 2.0 * x[[row, 1]]);
    let mut model = Sequential::new((Dense::new(1),));
    model.compile(Compile::new().optimizer(Adam::new(0.05))).unwrap();
    let step = Lower { loss: Mean::new("loss"), all: Mean::new("all") };
    let mut trainer = Trainer::of(model, step);
    let history = trainer.fit((&x, &y), silent(4)).unwrap();
    assert_eq!(history.names(), ["loss", "all"]);
    let (loss, all) = (history.get("loss"), history.get("all"));
    for epochs in 1..=4 {
        let mean = loss[..epochs].iter().sum::<f64>() / epochs as f64;
        assert!((mean - all[epochs - 1]).abs() < 1e-6, "{loss:?} {all:?}");
    }
    assert!(loss[3] < loss[0]);
}

/// Two models that learn from one another, and no model of the trainer's.
struct Pair {
    first: Model,
    second: Model,
    optimizers: [Optimizer; 2],
}

impl TrainStep for Pair {
    fn train_step(&mut self, _model: &mut Model, data: &Data) -> Result<Results> {
        let tape = GradientTape::new();
        let first = (self.first.call(data.x(), Training)? - 1.0).square().mean_all();
        self.optimizers[0].record(tape.gradient(&first, self.first.trainable_weights()?)?)?;
        let tape = GradientTape::new();
        let aim = self.first.call(data.x(), Training)?;
        let second = (self.second.call(data.x(), Training)? - aim).square().mean_all();
        self.optimizers[1].record(tape.gradient(&second, self.second.trainable_weights()?)?)?;
        Ok(Results::new().with("first", first).with("second", second))
    }

    fn weights(&self) -> Result<Vec<Weight>> {
        Ok([self.first.trainable_weights()?, self.second.trainable_weights()?].concat())
    }
}

fn pair() -> Pair {
    let model = || {
        let input = Input::new([4]);
        Model::new(&input, Dense::new(2).on(&input)).unwrap()
    };
    let optimizer = || Adam::new(0.05).build().unwrap();
    Pair { first: model(), second: model(), optimizers: [optimizer(), optimizer()] }
}

#[test]
fn a_step_may_hold_its_models_and_data_may_have_no_targets() {
    let (x, _) = points(128);
    let mut trainer = Trainer::new(pair());
    let history = trainer.fit(&x, silent(30)).unwrap();
    assert!(history.last("second") < Some(0.05) && history.get("first")[0] > 0.1, "{history:?}");
    assert_eq!(trainer.step.second.predict(&x).unwrap().shape(), [128, 2]);
}

#[test]
fn losses_and_metrics_of_values_on_the_way_are_followed() {
    let input = Input::new([4]);
    let hidden = Dense::new(3).activation("relu").on(&input);
    let mut model = Model::new(&input, Dense::new(1).on(&hidden)).unwrap();
    model.add_loss(&hidden, |x| x.sum_all() * 0.1).unwrap();
    model.add_metric("std_of_activation", &hidden, |x| (x - x.mean_all()).square().mean_all().sqrt()).unwrap();
    model.compile(Compile::new().optimizer("rmsprop").loss("mse")).unwrap();
    let (x, y) = points(64);
    let logs = model.evaluate((&x, &y)).unwrap();
    let whole = model.call(&Tensor::from(&x), Inference).unwrap();
    let added = model.losses()[0].item().unwrap();
    let error = (whole.reshape([64]) - Tensor::from(&y.mapv(f32::from))).square().mean_all().item().unwrap();
    // Two batches of 32: each adds its own sum, the mean of which is half of the whole.
    assert!((logs.get("loss").unwrap() - (error + added / 2.0)).abs() < 1e-5, "{logs:?}");
    assert!(logs.get("std_of_activation") > Some(0.0));
    let history = model.fit((&x, &y), silent(2)).unwrap();
    assert_eq!(history.names(), ["loss", "std_of_activation"]);
}

#[test]
fn callbacks_stop_change_the_rate_and_read_logs() {
    let (x, y) = points(64);
    let mut model = dense(4);
    let mut seen = Vec::new();
    let mut stop = LambdaCallback::new()
        .on_epoch_begin(|run, epoch| run.set_learning_rate(0.01 / (epoch + 1) as f64))
        .on_train_batch_end(|run, step| {
            seen.push(run.logs()?.get("loss").unwrap());
            Ok(if step == 1 && seen.len() > 4 { Flow::Stop } else { Flow::Continue })
        });
    let history = model.fit((&x, &y), silent(9).batch_size(16).callback(&mut stop)).unwrap();
    drop(stop);
    assert_eq!((history.epochs().len(), seen.len()), (2, 6));
    assert_eq!(model.learning_rate(), Some(0.005));
}

#[test]
fn the_best_weights_come_back() {
    let (x, y) = points(64);
    let mut model = dense(4);
    let mut best = Vec::new();
    // The rate grows until training gets worse.
    let mut stop = EarlyStopping::new("loss").patience(2).restore_best_weights(true);
    let mut grow =
        LambdaCallback::new().on_epoch_begin(|run, epoch| run.set_learning_rate(0.01 * 4f64.powi(epoch as i32)));
    let mut keep = LambdaCallback::new().on_epoch_end(|run, _, logs| {
        best.push((logs.get("loss").unwrap(), run.weights()?));
        Ok(Flow::Continue)
    });
    let callbacks: [&mut dyn Callback; 3] = [&mut grow, &mut stop, &mut keep];
    let fit = callbacks.into_iter().fold(silent(40), Fit::callback);
    model.fit((&x, &y), fit).unwrap();
    drop(keep);
    assert!(best.len() < 40);
    let (_, weights) = best.iter().min_by(|a, b| a.0.total_cmp(&b.0)).unwrap();
    let expected: Vec<_> = weights.iter().map(|(_, value)| value.clone()).collect();
    assert_eq!(model.get_weights().unwrap(), expected);
}

#[test]
fn a_loss_that_is_no_number_ends_training_with_step_and_layer() {
    let (x, y) = points(64);
    let input = Input::new([4]);
    let fine = Dense::new(3).activation("relu").name("fine").on(&input);
    let huge = Dense::new(2).kernel_initializer(crisol_params::Constant(1e38)).name("huge").on(&fine);
    let mut model = Model::new(&input, Dense::new(1).name("after").on(&huge)).unwrap();
    model.compile(Compile::new().optimizer("sgd").loss("mse")).unwrap();
    let mut guard = TerminateOnNan::new();
    let history = model.fit((&(x * 100.0), &y), silent(5).callback(&mut guard)).unwrap();
    assert_eq!(history.epochs().len(), 1);
    let found = guard.found().unwrap();
    assert!(found.contains("Batch 0: Invalid loss, terminating training") && found.contains("\"huge\""), "{found}");
    assert!(history.warnings()[0].contains("the loss is not finite"), "{:?}", history.warnings());
}

#[test]
fn callbacks_keep_the_weights_of_models_that_a_step_holds() {
    let (x, _) = points(64);
    let mut kept = Vec::new();
    // Best in the first epoch: from then on "first" is made to look worse.
    let mut worsen = LambdaCallback::new().on_epoch_end(|run, epoch, logs| {
        kept.push(run.weights()?);
        logs.set("first", epoch as f64);
        Ok(Flow::Continue)
    });
    let mut stop = EarlyStopping::new("first").mode(Mode::Min).patience(2).restore_best_weights(true);
    let mut trainer = Trainer::new(pair());
    trainer.fit(&x, silent(9).callback(&mut worsen).callback(&mut stop)).unwrap();
    drop(worsen);
    assert_eq!((kept.len(), kept[0].len()), (3, 4));
    assert_ne!(kept[0], kept[2]);
    let now: Vec<_> =
        trainer.step.weights().unwrap().iter().map(|w| w.variable().value().to_value().unwrap()).collect();
    assert_eq!(now, kept[0].iter().map(|(_, value)| value.clone()).collect::<Vec<_>>());
    // Nobody can repeat such a step, so the layer stays unknown, and training ends all the same.
    let mut guard = TerminateOnNan::new();
    let mut nan = Trainer::new(NotANumber);
    assert_eq!(nan.fit(&x, silent(3).callback(&mut guard)).unwrap().epochs().len(), 1);
    assert!(guard.found().unwrap().contains("which layer made it is not known"), "{:?}", guard.found());
}

struct NotANumber;

impl TrainStep for NotANumber {
    fn train_step(&mut self, _: &mut Model, data: &Data) -> Result<Results> {
        Ok(Results::new().with("loss", data.x().sum_all() * f64::NAN))
    }
}

/// Gives for each batch an array of the next sizes, filled with how many are left.
struct Rows(Vec<Vec<usize>>);

impl TrainStep for Rows {
    fn predict_step(&mut self, _: &mut Model, _: &Data) -> Result<Vec<Tensor>> {
        let left = self.0.len();
        Ok(vec![Tensor::full(DType::F32, self.0.remove(0).as_slice(), left as f64)])
    }
}

#[test]
fn outputs_of_batches_of_any_length_are_joined_and_must_be_of_one_size_else() {
    let (x, _) = points(96);
    let predict = |sizes: [&[usize]; 3]| {
        let step = Rows(sizes.map(<[usize]>::to_vec).to_vec());
        Trainer::of(dense(1), step).predict(&x)
    };
    let expected = arr2(&[[3.0, 3.0], [3.0, 3.0], [3.0, 3.0], [1.0, 1.0]]).into_dyn();
    assert_eq!(predict([&[3, 2], &[0, 2], &[1, 2]]).unwrap(), expected);
    for wrong in [&[1, 3][..], &[1]] {
        let error = predict([&[3, 2], wrong, &[1, 2]]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Shape, "{wrong:?}");
        assert!(error.to_string().contains("output 0 of batch 1 is "), "{error}");
        assert!(error.to_string().contains("and [3, 2] in those before"), "{error}");
    }
    for scalar in [[&[][..], &[1], &[1]], [&[1], &[1], &[]]] {
        let error = predict(scalar).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Shape);
        assert!(error.to_string().contains("samples along axis 0, given a single value"), "{error}");
    }
}

/// Gives one output more with each batch.
struct More(usize);

impl TrainStep for More {
    fn predict_step(&mut self, _: &mut Model, data: &Data) -> Result<Vec<Tensor>> {
        self.0 += 1;
        Ok(vec![data.x().clone(); self.0])
    }
}

#[test]
fn batches_have_equally_many_outputs() {
    let (x, _) = points(96);
    let error = Trainer::of(dense(1), More(1)).predict(&x).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Value);
    assert!(error.to_string().contains("batch 1 has 3 outputs, and those before have 2"), "{error}");
}
