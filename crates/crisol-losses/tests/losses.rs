//! What the numbers of Keras do not show: shapes, mistakes, gradients against differences, weighted cross-entropy.
#![allow(clippy::unwrap_used)] // helpers of tests are not seen as tests

use crisol_autograd::{GradientCheck, GradientTape, check_gradients};
use crisol_losses::*;
use crisol_tensor::ndarray::{ArrayD, IxDyn};
use crisol_tensor::{Shape, Tensor};

fn array(values: &[f64], sizes: &[usize]) -> ArrayD<f64> {
    ArrayD::from_shape_vec(IxDyn(sizes), values.to_vec()).unwrap()
}

/// Whether targets are class numbers.
fn takes_labels(name: &str) -> bool {
    by_name(name).unwrap().classes(&Shape::new(&[2, 3]).unwrap()).is_some()
}

#[test]
fn targets_of_one_axis_are_not_spread_over_the_batch() {
    let p = Tensor::from_slice(&[0.1f32, 0.6, 0.8], [3, 1]);
    let row = Tensor::from_slice(&[0.0f32, 1.0, 1.0], [3]);
    let column = row.reshape([3, 1]);
    for name in names().filter(|name| !takes_labels(name)) {
        let loss = by_name(name).unwrap();
        let value = |y: &Tensor, p: &Tensor| loss.call(y, p, None).unwrap().item().unwrap();
        assert_eq!(value(&row, &p), value(&column, &p), "{name}");
        assert_eq!(value(&column, &p.reshape([3])), value(&column, &p), "{name}");
    }
    let weights = Tensor::from_slice(&[1.0f32, 0.0, 0.0], [3]);
    let first = MeanAbsoluteError::new().call(&row, &p, Some(&weights)).unwrap().item().unwrap();
    assert!((first - 0.1 / 3.0).abs() < 1e-7);
}

#[test]
fn mistakes_name_the_argument_and_what_to_do() {
    let p = Tensor::zeros([2, 3]);
    let text = |result: crisol_tensor::Result<Tensor>| result.unwrap_err().to_string();
    let error = text(CategoricalCrossentropy::new().call(&Tensor::zeros([2]), &p, None));
    assert!(error.starts_with("categorical_crossentropy: y_true has shape [2], y_pred [2, 3]"), "{error}");
    assert!(error.contains("class numbers go with a sparse loss"), "{error}");

    let sparse = SparseCategoricalCrossentropy::new();
    let error = text(sparse.call(&Tensor::zeros([2, 3]), &p, None));
    assert!(error.contains("one-hot targets go with categorical_crossentropy"), "{error}");
    for labels in [Tensor::from_slice(&[0i64, 3], [2]), Tensor::from_slice(&[0u8, 3], [2, 1])] {
        let error = text(sparse.call(&labels, &p, None));
        assert!(error.contains("label 3 in row 1 of y_true, expected 0 to 2 for 3 outputs"), "{error}");
    }
    let error = text(sparse.call(&Tensor::from_slice(&[0.0f32, 1.5], [2]), &p, None));
    assert!(error.contains("whole numbers from 0"), "{error}");
    assert!(sparse.clone().ignore_class(-1).call(&Tensor::from_slice(&[0i32, -1], [2]), &p, None).is_ok());

    let error = text(MeanSquaredError::new().call(&p, &p, Some(&Tensor::ones([3]))));
    assert!(error.starts_with("mean_squared_error: sample weights have shape [3]"), "{error}");
    let error = text(MeanSquaredError::new().call(&Tensor::zeros([0, 3]), &Tensor::zeros([0, 3]), None));
    assert!(error.contains("the batch is empty"), "{error}");
}

#[test]
fn integer_predictions_are_cast() {
    let p = Tensor::from_slice(&[1i32, 4], [2, 1]);
    let loss = MeanAbsoluteError::new().call(&Tensor::from_slice(&[0u8, 2], [2]), &p, None).unwrap();
    assert_eq!(loss.item().unwrap(), 1.5);
}

#[test]
fn gradients_agree_with_differences() {
    let y = array(&[0.0, 1.0, 0.0, 1.0, 0.0, 0.0], &[2, 3]);
    let p = array(&[0.2, 0.7, 0.1, 0.5, 0.3, 0.9], &[2, 3]);
    for name in names().filter(|name| !takes_labels(name)) {
        let loss = by_name(name).unwrap();
        // A percentage of 0 is of the size of 1e7, where differences have no digits left.
        let y = Tensor::from(&y) + if name.contains("percentage") { 1.0 } else { 0.0 };
        let check = GradientCheck::new().tolerance(1e-6);
        check
            .run(|x| loss.call(&y, &x[0], None), std::slice::from_ref(&p))
            .unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    let labels = Tensor::from_slice(&[1i64, 0], [2]);
    for name in names().filter(|name| takes_labels(name)) {
        let loss = by_name(name).unwrap();
        check_gradients(|x| loss.call(&labels, &x[0], None), std::slice::from_ref(&p), 1e-6)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    let logits = array(&[-2.0, 0.7, 3.0, 0.5, -0.3, 40.0], &[2, 3]);
    let y = Tensor::from(&y);
    check_gradients(|x| weighted_cross_entropy_with_logits(&y, &x[0], 3.0), &[logits], 1e-6).unwrap();
}

#[test]
fn logits_of_zero_pull_to_both_sides() {
    // The first step of a layer of zeros.
    let x = Tensor::from_slice(&[0.0f32, 0.0], [2, 1]);
    let y = Tensor::from_slice(&[1.0f32, 0.0], [2]);
    let slope = |loss: &dyn Fn(&Tensor) -> Tensor| {
        let tape = GradientTape::new();
        tape.gradient(&loss(&x), [&x]).unwrap().only().unwrap().to_vec::<f32>().unwrap()
    };
    let entropy = BinaryCrossentropy::new().from_logits(true);
    assert_eq!(slope(&|x| entropy.call(&y, x, None).unwrap()), [-0.25, 0.25]);
    let y = y.reshape([2, 1]);
    assert_eq!(slope(&|x| weighted_cross_entropy_with_logits(&y, x, 3.0).sum_all()), [-1.5, 0.5]);
}

/// Values of `tf.nn.weighted_cross_entropy_with_logits`, TensorFlow 2.
#[test]
fn weighted_cross_entropy_is_that_of_tensorflow() {
    let y = Tensor::from_slice(&[0.0f64, 0.5, 1.0, 1.0, 0.0], [5]);
    let x = Tensor::from_slice(&[1.5f64, -0.1, -10.0, 300.0, -300.0], [5]);
    let found = weighted_cross_entropy_with_logits(&y, &x, 1.5).to_vec::<f64>().unwrap();
    for (found, expected) in
        found.iter().zip([1.701_413_277_982_752_4, 0.880_495_825_091_963_6, 15.000_068_098_348_827, 0.0, 0.0])
    {
        assert!((found - expected).abs() < 1e-12, "{found} against {expected}");
    }
}
