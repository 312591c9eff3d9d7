//! Tests of trees.

use super::*;
use crate::{GlorotUniform, Ones, RandomNormal, Zeros};
use crisol_tensor::ndarray::ArrayD;

fn shape(sizes: &[usize]) -> Shape {
    Shape::new(sizes).unwrap()
}

fn dense_and_norm() -> Tree {
    let mut tree = Tree::new(Key::new(7));
    tree.create("dense/kernel", shape(&[4, 3]), DType::F32, Role::Weight, &GlorotUniform).unwrap();
    tree.create("dense/bias", shape(&[3]), DType::F32, Role::Weight, &Zeros).unwrap();
    tree.create("dense_1/kernel", shape(&[3, 2]), DType::F32, Role::Weight, &"he_normal").unwrap();
    tree.create("norm/mean", shape(&[2]), DType::F32, Role::State, &Ones).unwrap();
    tree.seal().unwrap();
    tree
}

#[test]
fn first_values_depend_on_seed_and_path_alone() {
    let one = |order: &[&str], seed| {
        let mut tree = Tree::new(Key::new(seed));
        for path in order {
            tree.create(path, shape(&[5]), DType::F32, Role::Weight, &RandomNormal::default()).unwrap();
        }
        tree.seal().unwrap();
        tree.weight("b/kernel").unwrap().variable().value().to_vec::<f32>().unwrap()
    };
    let values = one(&["a/kernel", "b/kernel"], 1);
    assert_eq!(values, one(&["b/kernel", "c/kernel", "a/kernel"], 1));
    assert_ne!(values, one(&["b/kernel"], 2));
}

#[test]
fn parameters_are_counted_and_frozen_by_layer() {
    let tree = dense_and_norm();
    assert_eq!((tree.parameters(), tree.trainable_parameters()), (23, 21));
    tree.freeze("dense").unwrap();
    // "dense_1" begins with the same letters and is another layer.
    assert_eq!(tree.trainable_parameters(), 6);
    tree.unfreeze("").unwrap();
    assert_eq!(tree.trainable_parameters(), 21);
    let error = tree.freeze("dense_2").unwrap_err().to_string();
    assert!(error.starts_with("no layer with weights is named \"dense_2\" (did you mean \"dense"), "{error}");
}

#[test]
fn names_are_taken_once_and_never_after_sealing() {
    let mut tree = Tree::new(Key::new(0));
    tree.create("a/b", shape(&[2]), DType::F32, Role::Weight, &Zeros).unwrap();
    let mut error =
        |path: &str| tree.create(path, shape(&[3]), DType::F32, Role::Weight, &Zeros).unwrap_err().to_string();
    assert_eq!(error("a/b"), "weight: \"a/b\" (float32[3]) exists already, as Variable(float32[2])");
    assert_eq!(error("a//b"), "weight: expected names separated by '/', found \"a//b\"");
    tree.seal().unwrap();
    let error = tree.create("c", shape(&[3]), DType::F32, Role::Weight, &Zeros).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::State);
    assert!(error.to_string().contains("\"c\" (float32[3]) is new, but the model is built"), "{error}");
    assert!(tree.weight("a/c").unwrap_err().to_string().contains("did you mean \"a/b\""));
}

#[test]
fn an_unknown_initializer_names_the_weight() {
    let mut tree = Tree::new(Key::new(0));
    let error = tree.create("a/b", shape(&[2]), DType::F32, Role::Weight, &"zeroes").unwrap_err();
    assert_eq!(error.to_string(), "weight \"a/b\": no initializer is named \"zeroes\" (did you mean \"zeros\"?)");
}

#[test]
fn values_go_out_and_in() {
    let tree = dense_and_norm();
    let mut values = tree.get_weights().unwrap();
    values[1] = Value::F64(ArrayD::from_elem(vec![3], 0.5));
    tree.set_weights(&values).unwrap();
    assert_eq!(tree.weight("dense/bias").unwrap().variable().value().to_vec::<f32>().unwrap(), [0.5; 3]);

    values[0] = Value::F32(ArrayD::zeros(vec![3, 4]));
    values[3] = Value::F32(ArrayD::zeros(vec![1]));
    let error = tree.set_weights(&values).unwrap_err();
    assert_eq!(
        error.to_string(),
        "set_weights: shapes differ: dense/kernel: expected [4, 3], given [3, 4]; norm/mean: expected [2], given [1]"
    );
    let error = tree.set_weights(&values[..2]).unwrap_err();
    assert_eq!(error.to_string(), "set_weights: 2 values given for 4 weights");
}

#[test]
fn a_shared_weight_has_one_value() {
    let inner = dense_and_norm();
    let mut outer = Tree::new(Key::new(1));
    outer.share("inner/dense/bias", inner.weight("dense/bias").unwrap()).unwrap();
    outer.seal().unwrap();
    inner.weight("dense/bias").unwrap().variable().assign(Tensor::ones([3])).unwrap();
    let seen = outer.weight("inner/dense/bias").unwrap().variable().value();
    assert_eq!(seen.to_vec::<f32>().unwrap(), [1.0; 3]);
    inner.freeze("").unwrap();
    assert_eq!(outer.trainable_weights().count(), 0);
}
