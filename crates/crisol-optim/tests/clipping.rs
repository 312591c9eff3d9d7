//! Gradients that are not finite: what clipping makes of them.

use crisol_ir::ndarray::arr1;
use crisol_optim::{NamedArray, OptimizerOptions, Sgd};

#[test]
fn an_infinite_gradient_spoils_all_parameters_under_a_global_norm() {
    let (mut a, mut b) = (arr1(&[1.0f32]), arr1(&[1.0f32]));
    let mut optimizer = Sgd::new(0.1).global_clipnorm(1.0).build().unwrap();
    let (infinite, finite) = (arr1(&[f32::INFINITY]), arr1(&[1.0]));
    let pairs = [NamedArray::new("a", &mut a, &infinite), NamedArray::new("b", &mut b, &finite)];
    optimizer.step(pairs).unwrap();
    assert!(a[0].is_nan() && b[0].is_nan(), "{a} {b}");
}

#[test]
fn clippings_exclude_one_another() {
    let error = Sgd::new(0.1).clipnorm(1.0).clipvalue(0.5).build().unwrap_err().to_string();
    assert_eq!(error, "sgd: clipnorm and clipvalue are given, expected at most one clipping");
}
