//! Small problems are learned to the level they allow, and the gradients of a whole model are right.
#![allow(clippy::unwrap_used, clippy::expect_used)] // helpers of tests

mod common;

use common::{bars, conv, noise, regression, silent};
use crisol_autograd::check_gradients;
use crisol_ir::DType;
use crisol_ir::ndarray::{Array1, Array2, ArrayD, array};
use crisol_layers::{Conv2D, Dense, GlobalAveragePooling2D, Input, LayerExt, MaxPooling2D, Mode, Network};
use crisol_optim::{Adam, OptimizerOptions, Sgd};
use crisol_params::{Constant, MinMaxNorm, Zeros};
use crisol_tensor::Tensor;
use crisol_tensor::random::seed;
use crisol_train::{Compile, Model, Sequential};

#[test]
fn xor_is_learned_exactly() {
    seed(11);
    let x = array![[0.0f32, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
    let y = array![0u8, 1, 1, 0];
    let mut model = Sequential::new((Dense::new(16).activation("tanh"), Dense::new(1).activation("sigmoid")));
    model.compile(Compile::new().optimizer(Adam::new(0.05)).loss("binary_crossentropy").metric("accuracy")).unwrap();
    model.fit((&x, &y), silent(300).batch_size(4)).unwrap();
    let logs = model.evaluate((&x, &y)).unwrap();
    assert_eq!(logs.get("accuracy"), Some(1.0));
    assert!(logs.get("loss") < Some(0.05), "{logs:?}");
}

#[test]
fn a_circle_is_told_from_its_surroundings_on_new_points() {
    seed(12);
    let points = |first: usize| {
        let x = Array2::from_shape_fn((600, 2), |(row, axis)| noise(first + row * 2 + axis) * 3.0 - 1.5);
        let y: Array1<u8> = x.rows().into_iter().map(|point| u8::from(point.dot(&point) < 1.0)).collect();
        (x, y)
    };
    let mut model = Sequential::new((
        Dense::new(32).activation("relu"),
        Dense::new(32).activation("relu"),
        Dense::new(2).activation("softmax"),
    ));
    let compile = Compile::new().optimizer(Adam::new(0.01)).loss("sparse_categorical_crossentropy").metric("accuracy");
    model.compile(compile).unwrap();
    model.fit(points(0), silent(40)).unwrap();
    let logs = model.evaluate(points(50_000)).unwrap();
    assert!(logs.get("accuracy") > Some(0.95), "{logs:?}");
}

#[test]
fn upright_bars_are_told_from_lying_ones() {
    let mut model = conv(3);
    let (x, y) = bars(500);
    let history = model.fit((&x, &y), silent(12).validation_split(0.2)).unwrap();
    assert!(history.last("val_accuracy") > Some(0.95), "{history:?}");
}

#[test]
fn a_regression_on_features_of_very_different_sizes_is_solved() {
    let scales = [1e-3f32, 1.0, 1e4];
    let x = Array2::from_shape_fn((400, 3), |(row, axis)| scales[axis] * (noise(row * 3 + axis) + 5.0));
    let y: Array1<f32> =
        x.rows().into_iter().map(|row| 2.0 * row[0] / 1e-3 - row[1] + 0.5 * row[2] / 1e4 - 7.0).collect();
    let mut model = regression(&x);
    model.compile(Compile::new().optimizer(Adam::new(0.01)).loss("mse").metric("mae")).unwrap();
    let history = model.fit((&x, &y), silent(40).validation_split(0.25)).unwrap();
    // The targets' own variance is about 0.44.
    assert!(history.last("val_loss") < Some(0.01), "{history:?}");
    let predicted = model.predict(&x).unwrap();
    assert_eq!(predicted.shape(), [400, 1]);
    let mse = predicted.iter().zip(&y).map(|(p, y)| (p - y).powi(2)).sum::<f32>() / 400.0;
    let logs = model.evaluate((&x, &y)).unwrap();
    assert!((f64::from(mse) - logs.get("loss").unwrap()).abs() < 1e-5);
}

#[test]
fn the_gradients_of_a_whole_model_agree_with_central_differences() {
    let input = Input::new([6, 6, 2]);
    let x = Conv2D::new(3, 3).padding("same").activation("tanh").on(&input);
    let x = MaxPooling2D::new(2).on(&x);
    let x = Conv2D::new(4, 2).activation("sigmoid").on(&x);
    let x = GlobalAveragePooling2D::new().on(&x);
    let output = Dense::new(2).activation("softmax").on(&x);
    let network = Network::functional(&input, &output).unwrap().dtype(DType::F64).seed(3).build().unwrap();
    let weights = network.trainable_weights().unwrap();
    assert_eq!(weights.len(), 6);
    let mut inputs: Vec<ArrayD<f64>> =
        weights.iter().map(|weight| weight.variable().value().to_array::<f64>().unwrap()).collect();
    inputs.push(ArrayD::from_shape_fn(vec![2, 6, 6, 2], |at| {
        f64::from(noise(((at[0] * 6 + at[1]) * 6 + at[2]) * 2 + at[3])) * 2.0 - 1.0
    }));
    let forward = |tensors: &[Tensor]| {
        let (images, values) = tensors.split_last().unwrap();
        for (weight, value) in weights.iter().zip(values) {
            weight.variable().assign(value).unwrap();
        }
        network.call(images, Mode::Inference).unwrap()
    };
    check_gradients(forward, &inputs, 1e-6).unwrap();
}

#[test]
fn weights_of_samples_decide_what_is_learned() {
    seed(14);
    let x = Array2::from_elem((64, 1), 1.0f32);
    let y: Array1<f32> = (0..64).map(|row| if row % 2 == 0 { 0.0 } else { 10.0 }).collect();
    let weight: Array1<f32> = (0..64).map(|row| if row % 2 == 0 { 3.0 } else { 1.0 }).collect();
    let input = Input::new([1]);
    let mut model = Model::new(&input, Dense::new(1).on(&input)).unwrap();
    model.compile(Compile::new().optimizer(Adam::new(0.05)).loss("mse")).unwrap();
    model.fit((&x, &y, &weight), silent(400).batch_size(64)).unwrap();
    // The weighted mean of 0 and 10.
    let predicted = model.predict(&x).unwrap()[[0, 0]];
    assert!((predicted - 2.5).abs() < 0.05, "{predicted}");
}

#[test]
fn the_weights_are_their_moving_averages_after_fit() {
    let (x, y) = (array![[1.0f32], [2.0]], array![[2.0f32], [4.0]]);
    let mut model = Sequential::new((Dense::new(1).use_bias(false).kernel_initializer(Zeros),));
    model.compile(Compile::new().optimizer(Sgd::new(0.1).ema(0.5)).loss("mse")).unwrap();
    model.fit((&x, &y), silent(2).batch_size(2)).unwrap();
    // w: 0, 1, 1.5; the average is the first value, then half of it and half of the second.
    assert_eq!(model.trainable_weights().unwrap()[0].variable().value().to_vec::<f32>().unwrap(), [1.25]);
}

#[test]
fn a_constraint_that_moves_weights_half_the_way_does_so_once_a_step() {
    let (x, y) = (array![[0.0f32], [0.0]], array![[0.0f32], [0.0]]);
    let half_way = MinMaxNorm { rate: 0.5, ..MinMaxNorm::default() };
    let dense = Dense::new(1).use_bias(false).kernel_initializer(Constant(3.0)).kernel_constraint(half_way);
    let mut model = Sequential::new((dense,));
    model.compile(Compile::new().optimizer(Sgd::new(0.1)).loss("mse")).unwrap();
    model.fit((&x, &y), silent(1).batch_size(2)).unwrap();
    let kernel = model.trainable_weights().unwrap()[0].variable().value().item().unwrap();
    assert!((kernel - 2.0).abs() < 1e-5, "{kernel}");
}
