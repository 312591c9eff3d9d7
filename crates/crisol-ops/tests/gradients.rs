//! First and second gradients of every operation against central differences in double precision.

#![allow(clippy::unwrap_used)] // helpers of tests are not seen as tests

mod support;

use crisol_ir::{Attributes, DType, Graph, NodeId, Primitive, TensorType, Value};
use crisol_ops::{self as ops, eager};
use proptest::prelude::*;
use support::{Numbers, cases, check, gradients, numbers, weighted_sum};

/// The cases of an operation in `float64`, those with at least one input that carries a gradient.
fn double_cases() -> Vec<(&'static dyn Primitive, Attributes, Vec<TensorType>)> {
    let carries = |(primitive, attributes, types): &(&'static dyn Primitive, Attributes, Vec<TensorType>)| {
        let result = primitive.infer(attributes, types).unwrap();
        result.dtype == DType::F64
            && types.iter().any(|ty| ty.dtype == DType::F64)
            && types.iter().all(|ty| ty.dtype != DType::F32)
    };
    cases().filter(carries).collect()
}

/// The operation on random inputs, reduced to a scalar: graph, arguments, loss, and the inputs that carry gradients.
fn program(case: usize, draw: &mut Numbers) -> (Graph, Vec<Value>, NodeId, Vec<NodeId>, &'static dyn Primitive) {
    let (primitive, attributes, types) = double_cases().swap_remove(case);
    let probe = primitive.probe();
    let mut graph = Graph::new();
    let mut arguments = Vec::new();
    let inputs: Vec<NodeId> = types
        .iter()
        .map(|&ty| {
            arguments.push(draw.probe(ty, &probe));
            graph.input(ty)
        })
        .collect();
    let result = graph.apply(primitive, attributes, &inputs).unwrap();
    let loss = weighted_sum(&mut graph, result, &mut arguments, draw);
    let wrt = inputs.into_iter().filter(|&input| graph.ty(input).dtype == DType::F64).collect();
    (graph, arguments, loss, wrt, primitive)
}

#[test]
fn every_operation_on_floats_is_checked() {
    let checked: Vec<&str> = double_cases().iter().map(|case| case.0.name()).collect();
    for primitive in ops::all() {
        let steps = ["equal", "greater", "greater_equal", "less", "less_equal", "not_equal"];
        let no_floats = ["argsort", "iota", "logical_", "bitwise_", "left_shift", "right_shift", "random_"];
        let no_floats = no_floats.iter().any(|start| primitive.name().starts_with(start));
        let exempt = steps.contains(&primitive.name()) || no_floats;
        assert_ne!(checked.contains(&primitive.name()), exempt, "{}", primitive.name());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn first_gradients(seed in any::<u32>()) {
        let mut draw = Numbers::new(seed);
        for case in 0..double_cases().len() {
            let (mut graph, arguments, loss, wrt, primitive) = program(case, &mut draw);
            if primitive.name() == "stop_gradient" {
                prop_assert_eq!(gradients(&mut graph, loss, &wrt).unwrap(), [None]);
                continue;
            }
            check(&mut graph, loss, &wrt, &arguments, primitive.name()).unwrap();
        }
    }

    #[test]
    fn second_gradients(seed in any::<u32>()) {
        let mut draw = Numbers::new(seed);
        for case in 0..double_cases().len() {
            let (mut graph, mut arguments, loss, wrt, primitive) = program(case, &mut draw);
            if primitive.name() == "stop_gradient" {
                continue;
            }
            let first = gradients(&mut graph, loss, &wrt);
            let mut total = ops::scalar(&mut graph, DType::F64, 0.0);
            for gradient in first.unwrap().into_iter().flatten() {
                let part = weighted_sum(&mut graph, gradient, &mut arguments, &mut draw);
                total = ops::add(&mut graph, total, part).unwrap();
            }
            let what = format!("gradient of {}", primitive.name());
            check(&mut graph, total, &wrt, &arguments, &what).unwrap();
        }
    }
}

fn gradient_at(build: impl Fn(&mut Graph, &[NodeId]) -> NodeId, points: &[f64]) -> Vec<f64> {
    let mut graph = Graph::new();
    let scalar = TensorType::new(DType::F64, crisol_ir::Shape::SCALAR);
    let inputs: Vec<NodeId> = points.iter().map(|_| graph.input(scalar)).collect();
    let result = build(&mut graph, &inputs);
    let found = gradients(&mut graph, result, &inputs).unwrap();
    let arguments: Vec<Value> =
        points.iter().map(|&point| Value::F64(crisol_ir::ndarray::arr0(point).into_dyn())).collect();
    let nodes: Vec<NodeId> = found.into_iter().map(Option::unwrap).collect();
    eager::evaluate(&graph, &nodes, &arguments).unwrap().iter().map(|value| numbers(value)[0]).collect()
}

#[test]
fn kinks_and_ties_follow_keras_on_jax() {
    assert_eq!(gradient_at(|graph, x| ops::relu(graph, x[0]).unwrap(), &[0.0]), [0.0]);
    assert_eq!(gradient_at(|graph, x| ops::absolute(graph, x[0]).unwrap(), &[0.0]), [0.0]);
    assert_eq!(gradient_at(|graph, x| ops::floor(graph, x[0]).unwrap(), &[1.0]), [0.0]);
    assert_eq!(gradient_at(|graph, x| ops::maximum(graph, x[0], x[1]).unwrap(), &[2.0, 2.0]), [0.5, 0.5]);
    assert_eq!(gradient_at(|graph, x| ops::minimum(graph, x[0], x[1]).unwrap(), &[2.0, 2.0]), [0.5, 0.5]);
    assert_eq!(gradient_at(|graph, x| ops::integer_power(graph, x[0], 0).unwrap(), &[0.0]), [0.0]);
    assert_eq!(gradient_at(|graph, x| ops::integer_power(graph, x[0], 2).unwrap(), &[3.0]), [6.0]);
    assert_eq!(gradient_at(|graph, x| ops::sqrt(graph, x[0]).unwrap(), &[0.0]), [f64::INFINITY]);
    assert_eq!(gradient_at(|graph, x| ops::ceil(graph, x[0]).unwrap(), &[1.0]), [0.0]);
    assert_eq!(gradient_at(|graph, x| ops::round(graph, x[0]).unwrap(), &[0.5]), [0.0]);
    assert_eq!(gradient_at(|graph, x| ops::sign(graph, x[0]).unwrap(), &[0.0]), [0.0]);
    assert_eq!(gradient_at(|graph, x| ops::softplus(graph, x[0]).unwrap(), &[0.0]), [0.5]);
    assert_eq!(gradient_at(|graph, x| ops::asin(graph, x[0]).unwrap(), &[1.0]), [f64::INFINITY]);
    assert_eq!(gradient_at(|graph, x| ops::acos(graph, x[0]).unwrap(), &[-1.0]), [f64::NEG_INFINITY]);
    assert_eq!(gradient_at(|graph, x| ops::power(graph, x[0], x[1]).unwrap(), &[0.0, 0.0]), [0.0, 0.0]);
    assert_eq!(gradient_at(|graph, x| ops::power(graph, x[0], x[1]).unwrap(), &[0.0, 2.0]), [0.0, 0.0]);
    assert_eq!(gradient_at(|graph, x| ops::power(graph, x[0], x[1]).unwrap(), &[-2.0, 3.0])[0], 12.0);
    assert!(gradient_at(|graph, x| ops::power(graph, x[0], x[1]).unwrap(), &[-2.0, 3.0])[1].is_nan());
    assert_eq!(gradient_at(|graph, x| ops::floor_divide(graph, x[0], x[1]).unwrap(), &[7.0, 2.0]), [0.0, 0.0]);
    assert_eq!(gradient_at(|graph, x| ops::remainder(graph, x[0], x[1]).unwrap(), &[-7.0, 2.0]), [1.0, 4.0]);
}

#[test]
fn equal_maxima_share_over_axes_and_the_first_one_takes_all_in_a_pool() {
    let mut graph = Graph::new();
    let ty = TensorType::new(DType::F32, crisol_ir::Shape::new(&[1, 2, 2, 1]).unwrap());
    let x = graph.input(ty);
    let largest = ops::max(&mut graph, x, &[0, 1, 2, 3]).unwrap();
    let attributes = ops::Pool2dAttributes { window: [2, 2], stride: [2, 2], padding: [[0, 0], [0, 0]] };
    let pooled = ops::max_pool2d(&mut graph, x, attributes).unwrap();
    let pooled = ops::sum(&mut graph, pooled, &[0, 1, 2, 3]).unwrap();
    let shared = gradients(&mut graph, largest, &[x]).unwrap()[0].unwrap();
    let first = gradients(&mut graph, pooled, &[x]).unwrap()[0].unwrap();
    let value = Value::F32(crisol_ir::ndarray::array![[[[1f32], [3.0]], [[3.0], [2.0]]]].into_dyn());
    let values = eager::evaluate(&graph, &[shared, first], &[value]).unwrap();
    assert_eq!(numbers(&values[0]), [0.0, 0.5, 0.5, 0.0]);
    assert_eq!(numbers(&values[1]), [0.0, 1.0, 0.0, 0.0]);
}
