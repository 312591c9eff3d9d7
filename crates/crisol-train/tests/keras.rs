//! `fit` and `evaluate` with their arguments against Keras' histories, `tools/goldens/fit.py`, and what only Keras 2 has, `tools/goldens/legacy.py`.
#![allow(clippy::unwrap_used)] // helpers of tests

use crisol_callbacks::{Flow, History, LambdaCallback, Logs, Run, SwapEmaWeights};
use crisol_ir::ndarray::{Array, Array1, Array2, ArrayD, Dimension, IntoDimension, s};
use crisol_ir::{DType, Result, Value};
use crisol_layers::{Dense, Input, Layer, LayerExt, Network, Scope};
use crisol_metrics::F1Score;
use crisol_optim::{OptimizerOptions, Sgd};
use crisol_tensor::Tensor;
use crisol_train::{Arrays, Compile, Evaluate, Fit, Model};
use std::cell::RefCell;

/// Its inputs side by side.
#[derive(Debug)]
struct Join;

impl Layer for Join {
    fn call(&self, _: &mut Scope, x: &Tensor) -> Result<Tensor> {
        Ok(x.clone())
    }

    fn call_many(&self, _: &mut Scope, inputs: &[Tensor]) -> Result<Tensor> {
        Ok(Tensor::concatenate(&inputs.iter().collect::<Vec<_>>(), -1))
    }
}

fn wave<D: IntoDimension>(sizes: D, seed: usize) -> Array<f32, D::Dim> {
    let sizes = sizes.into_dimension();
    let count = sizes.size();
    let numbers = (0..count).map(|place| ((place * 37 + seed * 11) % 101) as f32 / 64.0 - 0.75).collect();
    Array::from_shape_vec(sizes, numbers).unwrap()
}

fn weights(list: Vec<ArrayD<f32>>) -> Vec<Value> {
    list.into_iter().map(Value::F32).collect()
}

/// Keras' numbers of a case, in order.
fn golden(case: &str) -> Vec<(String, Vec<f64>)> {
    let lines = concat!(include_str!("goldens/fit.txt"), include_str!("goldens/legacy.txt")).lines();
    let lines: Vec<_> = lines
        .map(|line| line.split(" | ").collect::<Vec<_>>())
        .filter(|parts| parts[0] == case)
        .map(|parts| (parts[1].to_string(), parts[2].split(' ').map(|number| number.parse().unwrap()).collect()))
        .collect();
    assert!(!lines.is_empty());
    lines
}

/// Metrics go by the names that they were asked for by.
fn compare(case: &str, history: &History) {
    let expected = golden(case);
    let names = history.names();
    assert_eq!(names.len(), expected.len(), "{case}: {names:?}, Keras {expected:?}");
    for (keras, numbers) in &expected {
        let name = keras.as_str();
        let own: Vec<f64> = history.get(name).into_iter().filter(|number| !number.is_nan()).collect();
        assert_eq!(own.len(), numbers.len(), "{case} {name}: {names:?}");
        for (own, keras) in own.iter().zip(numbers) {
            assert!((own - keras).abs() <= 2e-6 * keras.abs().max(1.0), "{case} {name}: {own}, Keras {keras}");
        }
    }
}

fn model(activation: &str) -> Model {
    let input = Input::new([3]);
    let output = Dense::new(1).activation(activation).on(&input);
    let mut model = Model::new(&input, &output).unwrap();
    model.set_weights(&weights(vec![wave((3, 1), 5).into_dyn(), wave(1, 6).into_dyn()])).unwrap();
    model
}

fn data() -> (Array2<f32>, Array2<f32>) {
    (wave((20, 3), 1), wave((20, 1), 2))
}

fn same<'a>(epochs: usize) -> Fit<'a> {
    Fit::epochs(epochs).batch_size(8).shuffle(false).verbose(0)
}

fn sgd() -> Compile {
    Compile::new().optimizer(Sgd::new(0.1)).loss("mse")
}

#[test]
fn sample_weights_count_in_the_loss_and_in_weighted_metrics_alone() {
    let (x, y) = data();
    let mut model = model("linear");
    model.compile(sgd().metric("mae").weighted_metric("mse")).unwrap();
    let weight: Array1<f32> = wave(20, 3) + 1.0;
    compare("sample_weight", &model.fit((&x, &y), same(3).sample_weight(&weight)).unwrap());
    let logs: Logs = model.evaluate_with((&x, &y), Evaluate::new().batch_size(8)).unwrap();
    let mut history = History::default();
    history.push(logs);
    compare("evaluate", &history);
}

#[test]
fn class_weights() {
    let (x, y) = data();
    let classes: Array1<i32> = y.column(0).mapv(|y| i32::from(y > 0.0));
    let mut model = model("sigmoid");
    let compile = Compile::new().optimizer(Sgd::new(0.1)).loss("binary_crossentropy").metric("accuracy");
    model.compile(compile).unwrap();
    compare("class_weight", &model.fit((&x, &classes), same(3).class_weight([(0, 1.0), (1, 5.0)])).unwrap());
}

/// Keras' history has a number for each class: the golden is their mean, which is what its progress line shows.
#[test]
fn metrics_of_several_numbers_are_followed_by_their_mean() {
    let (x, y) = data();
    let class = y.column(0).mapv(|y| usize::from(y > -0.25) + usize::from(y > 0.25));
    let one_hot = Array2::from_shape_fn((20, 3), |(row, column)| f32::from(class[row] == column));
    let input = Input::new([3]);
    let mut model = Model::new(&input, Dense::new(3).activation("softmax").on(&input)).unwrap();
    model.set_weights(&weights(vec![wave((3, 3), 5).into_dyn(), wave(3, 6).into_dyn()])).unwrap();
    let compile = Compile::new().optimizer(Sgd::new(0.1)).loss("categorical_crossentropy");
    model.compile(compile.metric(F1Score::new())).unwrap();
    let fit = same(3).validation_data((x.slice(s![..10, ..]), one_hot.slice(s![..10, ..])));
    compare("f1_score", &model.fit((&x, &one_hot), fit).unwrap());
}

#[test]
fn validation_in_some_epochs() {
    let (x, y) = data();
    let mut some = model("linear");
    some.compile(sgd()).unwrap();
    compare("validation_freq", &some.fit((&x, &y), same(4).validation_split(0.25).validation_freq(2)).unwrap());
    let mut listed = model("linear");
    listed.compile(sgd()).unwrap();
    let held_out = (x.slice(s![..10, ..]).to_owned(), y.slice(s![..10, ..]).to_owned());
    let fit = same(4).validation_data(held_out).validation_freq([1, 4]).validation_steps(1);
    compare("validation_list", &listed.fit((&x, &y), fit).unwrap());
}

#[test]
fn steps_that_run_together_learn_the_same() {
    let (x, y) = data();
    let mut model = model("linear");
    model.compile(sgd().metric("mae").steps_per_execution(2)).unwrap();
    compare("steps_per_execution", &model.fit((&x, &y), same(3)).unwrap());
}

/// The bias as callbacks see it at the beginning and the end of epochs, and after training.
#[test]
fn averages_take_the_place_of_weights_when_keras_swaps_them() {
    let (x, y) = data();
    for swaps in [false, true] {
        let mut averaged = model("linear");
        averaged.compile(Compile::new().optimizer(Sgd::new(0.1).ema(0.5)).loss("mse")).unwrap();
        let seen = RefCell::new([Vec::new(), Vec::new()]);
        let bias = |run: &dyn Run| -> Result<f64> { Ok(run.weights()?[1].1.cast(DType::F64).array::<f64>()?[[0]]) };
        let mut look = LambdaCallback::new()
            .on_epoch_begin(|run, _| {
                seen.borrow_mut()[0].push(bias(run)?);
                Ok(())
            })
            .on_epoch_end(|run, _, _| {
                seen.borrow_mut()[1].push(bias(run)?);
                Ok(Flow::Continue)
            });
        let mut swap = SwapEmaWeights::new().swap_on_epoch(swaps);
        let fit = same(3).validation_data((x.slice(s![..10, ..]), y.slice(s![..10, ..])));
        let history = averaged.fit((&x, &y), fit.callback(&mut swap).callback(&mut look)).unwrap();
        drop(look);
        let [begin, end] = seen.into_inner();
        let after = averaged.get_weights().unwrap()[1].cast(DType::F64).array::<f64>().unwrap()[[0]];
        for (name, keras) in golden(&format!("averages_{swaps}")) {
            let own = match name.as_str() {
                "begin" => begin.clone(),
                "end" => end.clone(),
                "after" => vec![after],
                _ => history.get(&name),
            };
            assert_eq!(own.len(), keras.len(), "{name}");
            for (own, keras) in own.iter().zip(&keras) {
                assert!((own - keras).abs() <= 2e-6, "swap_on_epoch {swaps}, {name}: {own}, Keras {keras}");
            }
        }
    }
}

#[test]
fn several_inputs_and_outputs_by_name() {
    let (x, y) = data();
    let (a_in, b_in) = (Input::new([3]), Input::new([2]));
    let both = Join.on_all(&[a_in.clone(), b_in.clone()]);
    let (a, b) = (Dense::new(1).name("a").on(&both), Dense::new(2).name("b").on(&both));
    let mut model = Model::new([&a_in, &b_in], [&a, &b]).unwrap();
    let list =
        vec![wave((5, 1), 5).into_dyn(), wave(1, 6).into_dyn(), wave((5, 2), 7).into_dyn(), wave(2, 8).into_dyn()];
    model.set_weights(&weights(list)).unwrap();
    let compile = Compile::new().optimizer(Sgd::new(0.1)).loss_of("a", "mse").loss_of("b", "mse");
    let compile = compile.loss_weight_of("b", 0.25).metric_of("a", "mae").metric_of("b", "mae");
    model.compile(compile).unwrap();
    let inputs = Arrays::new().push(&x).push(wave((20, 2), 9));
    let targets = Arrays::new().insert("b", wave((20, 2), 10)).insert("a", &y);
    compare("several", &model.fit((&inputs, &targets), same(3)).unwrap());
    let outputs = model.predict_with(&inputs, Evaluate::new()).unwrap();
    assert_eq!((outputs[0].shape(), outputs[1].shape()), ([20, 1].as_slice(), [20, 2].as_slice()));
    let unknown = Arrays::new().insert("c", &y).insert("a", &y);
    let error = model.fit((&inputs, &unknown), same(1)).unwrap_err();
    assert!(error.to_string().contains("no input or output of the model is named \"c\""), "{error}");
    let error = model.compile(Compile::new().metric("mae")).unwrap_err();
    assert!(error.to_string().contains("use metric_of with one of a, b"), "{error}");
}

/// Adds a metric and a loss of what goes through it.
#[derive(Debug)]
struct Followed;

impl Layer for Followed {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        cx.add_metric("std_of_activation", x.std_all());
        cx.add_loss(x.square().sum_all() * 0.1);
        Ok(x.clone())
    }
}

#[test]
fn losses_and_metrics_of_values_on_the_way_are_those_of_keras_2() {
    let input = Input::new([3]);
    let hidden = Dense::new(4).activation("relu").on(&input);
    let mut functional = Model::new(&input, Dense::new(1).on(&hidden)).unwrap();
    functional.add_metric("std_of_activation", &hidden, Tensor::std_all).unwrap();
    functional.add_loss(&hidden, |x| x.sum_all() * 0.1).unwrap();
    let layers = (Input::new([3]), Dense::new(4).activation("relu"), Followed, Dense::new(1));
    let layered = Model::from_network(Network::sequential(layers).build().unwrap());
    let (x, y) = data();
    for (case, mut model) in [("functional", functional), ("layered", layered)] {
        let values =
            vec![wave((3, 4), 5).into_dyn(), wave(4, 6).into_dyn(), wave((4, 1), 7).into_dyn(), wave(1, 8).into_dyn()];
        model.set_weights(&weights(values)).unwrap();
        model.compile(Compile::new().optimizer(Sgd::new(0.05)).loss("mse").metric("mae")).unwrap();
        let history = model.fit((&x, &y), same(3).validation_data((&x, &y))).unwrap();
        compare(case, &history);
    }
}
