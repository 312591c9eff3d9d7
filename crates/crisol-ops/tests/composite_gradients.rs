//! Programs of several operations: first and second gradients against central differences.

#![allow(clippy::unwrap_used)] // helpers of tests are not seen as tests

mod support;

use crisol_ir::ndarray::arr1;
use crisol_ir::{DType, Error, Graph, NodeId, Result, Shape, TensorType, Value};
use crisol_ops::{self as ops, eager};
use proptest::prelude::*;
use support::{Numbers, check, gradients, numbers, weighted_sum};

type Build = fn(&mut Graph, &[NodeId]) -> Result<NodeId>;

#[test]
fn gradients_of_products_are_not_spoilt_by_zeros() {
    let slope = |elements: &[f64], build: fn(&mut Graph, NodeId) -> Result<NodeId>| {
        let mut graph = Graph::new();
        let x = graph.input(TensorType::new(DType::F64, Shape::new(&[elements.len()]).unwrap()));
        let y = build(&mut graph, x).unwrap();
        let gradient = gradients(&mut graph, y, &[x]).unwrap()[0].unwrap();
        numbers(&eager::evaluate(&graph, &[gradient], &[Value::F64(arr1(elements).into_dyn())]).unwrap()[0])
    };
    let product = |elements: &[f64]| slope(elements, |g, x| ops::product(g, x, &[0]));
    assert_eq!(product(&[2.0, 3.0, 5.0]), [15.0, 10.0, 6.0]);
    assert_eq!(product(&[2.0, 0.0, 5.0]), [0.0, 10.0, 0.0]);
    assert_eq!(product(&[0.0, 0.0, 5.0, 1.0, 2.0]), [0.0; 5]);
    assert_eq!(product(&[4.0]), [1.0]);
    assert_eq!(product(&[]), []);
    let last = slope(&[2.0, 0.0, 5.0], |g, x| {
        let products = ops::cumprod(g, x, 0)?;
        ops::sum(g, products, &[0])
    });
    assert_eq!(last, [1.0, 12.0, 0.0]);
    // Equal extremes share.
    assert_eq!(slope(&[1.0, 1.0, 2.0], |g, x| ops::min(g, x, &[0])), [0.5, 0.5, 0.0]);
}

/// Programs with the shapes of their `float64` inputs.
fn programs() -> Vec<(&'static str, Vec<&'static [usize]>, Build)> {
    fn indices(graph: &mut Graph, sizes: &[usize], step: f64) -> Result<NodeId> {
        let places = ops::iota(graph, DType::I32, Shape::new(sizes)?)?;
        let (step, half) = (ops::scalar(graph, DType::I32, step), ops::scalar(graph, DType::I32, -2.0));
        let spread = ops::multiply(graph, places, step)?;
        ops::add(graph, spread, half)
    }
    vec![
        ("concatenate", vec![&[2, 1, 2], &[2, 3, 2]], |g, x| ops::concatenate(g, &[x[0], x[1], x[0]], 1)),
        ("stack", vec![&[2, 3], &[2, 3]], |g, x| ops::stack(g, x, 1)),
        ("roll", vec![&[2, 5]], |g, x| ops::roll(g, x[0], 2, -1)),
        ("tile", vec![&[2, 3]], |g, x| ops::tile(g, x[0], &[2, 1, 3])),
        ("repeat", vec![&[2, 3]], |g, x| ops::repeat(g, x[0], 3, 0)),
        ("slice_by_steps", vec![&[7, 2]], |g, x| ops::slice_by_steps(g, x[0], 0, Some(-2), None, -2)),
        ("take", vec![&[2, 4, 3]], |g, x| {
            let indices = indices(g, &[2, 2], 1.0)?;
            ops::take(g, x[0], indices, 1)
        }),
        ("take_along_axis", vec![&[4, 3]], |g, x| {
            let indices = indices(g, &[2, 3], 1.0)?;
            ops::take_along_axis(g, x[0], indices, 0)
        }),
        ("segment_sum", vec![&[4, 3]], |g, x| {
            let indices = indices(g, &[4], 1.0)?;
            ops::segment_sum(g, x[0], indices, 3)
        }),
        ("tril", vec![&[2, 3, 3]], |g, x| ops::tril(g, x[0], -1)),
        ("triu", vec![&[3, 4]], |g, x| ops::triu(g, x[0], 1)),
        ("diagonal", vec![&[3, 2, 4]], |g, x| ops::diagonal(g, x[0], 1, [0, 2])),
        ("diag", vec![&[2, 3]], |g, x| ops::diag(g, x[0], -1)),
        ("matmul", vec![&[2, 1, 2, 3], &[2, 3, 2]], |g, x| ops::matmul(g, x[0], x[1])),
        ("einsum", vec![&[2, 3, 2], &[3, 2, 4]], |g, x| ops::einsum(g, "bij,ijk->bk", &[x[0], x[1]])),
        ("einsum of a diagonal", vec![&[3, 2, 3], &[3]], |g, x| ops::einsum(g, "iji,i->j", &[x[0], x[1]])),
        ("conv1d", vec![&[1, 6, 2], &[3, 2, 2]], |g, x| ops::conv1d(g, x[0], x[1], 2, 1, [2, 0], 1)),
        ("conv1d_transpose", vec![&[1, 3, 2], &[3, 2, 2]], |g, x| {
            ops::conv1d_transpose(g, x[0], x[1], 2, 1, ops::Padding::Same, None)
        }),
        ("average_pool2d", vec![&[1, 4, 3, 2]], |g, x| {
            let how = ops::Pool2dAttributes { window: [3, 2], stride: [2, 1], padding: [[1, 0], [0, 1]] };
            ops::average_pool2d(g, x[0], how)
        }),
        ("max_pool1d", vec![&[2, 6, 2]], |g, x| ops::max_pool1d(g, x[0], 3, 2, [1, 0])),
        ("resize", vec![&[1, 3, 4, 1]], |g, x| ops::resize(g, x[0], [5, 2], ops::Interpolation::Bilinear, true)),
        ("resize to the nearest", vec![&[1, 3, 4, 1]], |g, x| {
            ops::resize(g, x[0], [5, 2], ops::Interpolation::Nearest, false)
        }),
        ("variance", vec![&[3, 4]], |g, x| ops::variance(g, x[0], &[1])),
        ("logsumexp", vec![&[3, 4]], |g, x| ops::logsumexp(g, x[0], &[0])),
        ("norm", vec![&[3, 4]], |g, x| ops::norm(g, x[0], 2.0, &[-1])),
        ("cumprod", vec![&[2, 5]], |g, x| ops::cumprod(g, x[0], 1)),
        ("sort", vec![&[3, 4]], |g, x| ops::sort(g, x[0], 0, true)),
        ("top_k", vec![&[3, 6]], |g, x| Ok(ops::top_k(g, x[0], 2)?[0])),
        ("linspace", vec![&[], &[]], |g, x| ops::linspace(g, x[0], x[1], 5)),
    ]
}

/// A program on random numbers reduced to a scalar.
fn scalar_program(sizes: &[&[usize]], build: Build, draw: &mut Numbers) -> (Graph, Vec<Value>, NodeId, Vec<NodeId>) {
    let mut graph = Graph::new();
    let mut arguments = Vec::new();
    let mut inputs = Vec::new();
    for sizes in sizes {
        let ty = TensorType::new(DType::F64, Shape::new(sizes).unwrap());
        arguments.push(draw.value(ty, (-1.5, 1.5), &[]));
        inputs.push(graph.input(ty));
    }
    let result = build(&mut graph, &inputs).unwrap();
    let loss = weighted_sum(&mut graph, result, &mut arguments, draw);
    (graph, arguments, loss, inputs)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]

    #[test]
    fn first_and_second_gradients(seed in any::<u32>()) {
        let mut draw = Numbers::new(seed);
        for (name, sizes, build) in programs() {
            let (mut graph, arguments, loss, inputs) = scalar_program(&sizes, build, &mut draw);
            check(&mut graph, loss, &inputs, &arguments, name).unwrap();

            let (mut graph, mut arguments, loss, inputs) = scalar_program(&sizes, build, &mut draw);
            let mut second = || -> Result<NodeId, Error> {
                let mut total = ops::scalar(&mut graph, DType::F64, 0.0);
                for gradient in gradients(&mut graph, loss, &inputs)?.into_iter().flatten() {
                    // Squared, so that linear programs have something to differentiate.
                    let part = ops::square(&mut graph, gradient)?;
                    let part = weighted_sum(&mut graph, part, &mut arguments, &mut draw);
                    total = ops::add(&mut graph, total, part)?;
                }
                Ok(total)
            };
            let total = second().unwrap();
            check(&mut graph, total, &inputs, &arguments, &format!("gradient of {name}")).unwrap();
        }
    }
}
