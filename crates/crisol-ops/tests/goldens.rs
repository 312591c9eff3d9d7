//! Composites against values of Keras (on JAX) and NumPy, which `tools/goldens/ops.py` writes.

#![allow(clippy::unwrap_used)] // helpers of tests are not seen as tests

mod support;

use crisol_ir::ndarray::{ArrayD, IxDyn};
use crisol_ir::{Graph, NodeId, Result, Shape, Value};
use crisol_ops::{self as ops, Conv2dAttributes, Interpolation, Padding, Pool2dAttributes, eager};
use support::{numbers, type_of};

/// The numbers that the script calls so.
fn wave(sizes: &[usize], seed: usize) -> Value {
    let count = sizes.iter().product::<usize>();
    let numbers = (0..count).map(|place| ((place * 37 + seed * 11) % 101) as f64 / 64.0 - 0.75);
    Value::F64(ArrayD::from_shape_vec(IxDyn(sizes), numbers.collect()).unwrap())
}

fn sizes(text: &str) -> Vec<usize> {
    text.split(',').filter(|size| !size.is_empty()).map(|size| size.parse().unwrap()).collect()
}

/// The inputs of a line, and what to make of them.
type Case<'a> = (Vec<Value>, Box<dyn FnOnce(&mut Graph, &[NodeId]) -> Result<NodeId> + 'a>);

fn padding(name: &str) -> Padding {
    match name {
        "valid" => Padding::Valid,
        "same" => Padding::Same,
        "causal" => Padding::Causal,
        other => panic!("{other}"),
    }
}

fn case<'a>(name: &'a str) -> Case<'a> {
    let words: Vec<&str> = name.split(' ').collect();
    let number = |place: usize| words[place].parse::<usize>().unwrap();
    match words[0] {
        "resize" => {
            let kind = match words[1] {
                "nearest" => Interpolation::Nearest,
                "bilinear" => Interpolation::Bilinear,
                _ => Interpolation::Bicubic,
            };
            let (antialias, size) = (words[2] == "1", [number(3), number(4)]);
            (vec![wave(&[1, 5, 7, 2], 1)], Box::new(move |g, x| ops::resize(g, x[0], size, kind, antialias)))
        }
        "conv1d_transpose" => {
            let (size, window, stride, dilation) = (number(1), number(2), number(3), number(4));
            let (padding, more) = (padding(words[5]), words[6].parse().ok());
            let inputs = vec![wave(&[2, size, 3], 2), wave(&[window, 2, 3], 3)];
            (inputs, Box::new(move |g, x| ops::conv1d_transpose(g, x[0], x[1], stride, dilation, padding, more)))
        }
        "conv2d_transpose" => {
            let inputs = vec![wave(&[1, 3, 2, 2], 4), wave(&[3, 2, 3, 2], 5)];
            (
                inputs,
                Box::new(|g, x| {
                    let (height, down) = ops::transposed_window(3, 3, 2, 1, Padding::Same, None)?;
                    let (width, across) = ops::transposed_window(2, 2, 2, 1, Padding::Same, None)?;
                    let how =
                        Conv2dAttributes { stride: [2, 2], padding: [down, across], ..Conv2dAttributes::default() };
                    ops::conv2d_transpose(g, x[0], x[1], how, [height, width])
                }),
            )
        }
        "conv1d" => {
            let (size, window, stride, dilation) = (number(1), number(2), number(3), number(4));
            let around = padding(words[5]).around(size, window, stride, dilation);
            let inputs = vec![wave(&[2, size, 2], 6), wave(&[window, 2, 3], 7)];
            (inputs, Box::new(move |g, x| ops::conv1d(g, x[0], x[1], stride, dilation, around, 1)))
        }
        "depthwise" => {
            let inputs = vec![wave(&[1, 4, 5, 3], 8), wave(&[3, 3, 3, 2], 9)];
            (
                inputs,
                Box::new(|g, x| {
                    let kernel = ops::reshape(g, x[1], Shape::new(&[3, 3, 1, 6])?)?;
                    let how = Conv2dAttributes { padding: [[1, 1], [1, 1]], groups: 3, ..Conv2dAttributes::default() };
                    ops::conv2d(g, x[0], kernel, how)
                }),
            )
        }
        kind @ ("max" | "average") => {
            let (size, window, stride, padding) = (number(1), number(2), number(3), padding(words[4]));
            let down = padding.around(size, window, stride, 1);
            if words[5] == "1d" {
                let pool = if kind == "max" { ops::max_pool1d } else { ops::average_pool1d };
                return (vec![wave(&[2, size, 2], 10)], Box::new(move |g, x| pool(g, x[0], window, stride, down)));
            }
            let pool = if kind == "max" { ops::max_pool2d } else { ops::average_pool2d };
            let across = padding.around(size + 1, 2, 1, 1);
            let how = Pool2dAttributes { window: [window, 2], stride: [stride, 1], padding: [down, across] };
            (vec![wave(&[1, size, size + 1, 2], 11)], Box::new(move |g, x| pool(g, x[0], how)))
        }
        "einsum" => {
            let shapes = words[2].split(';').enumerate();
            let inputs = shapes.map(|(number, shape)| wave(&sizes(shape), 12 + number)).collect();
            let equation = words[1];
            (inputs, Box::new(move |g, x| ops::einsum(g, equation, x)))
        }
        other => panic!("{other}"),
    }
}

#[test]
fn composites_have_the_values_of_keras_and_numpy() {
    let mut count = 0;
    for line in include_str!("goldens/keras.txt").lines() {
        let [name, shape, expected] = line.split(" | ").collect::<Vec<_>>()[..] else { panic!("{line}") };
        let (inputs, build) = case(name);
        let mut graph = Graph::new();
        let nodes: Vec<NodeId> = inputs.iter().map(|value| graph.input(type_of(value))).collect();
        let result = build(&mut graph, &nodes).unwrap_or_else(|error| panic!("{name}: {error}"));
        let value = eager::evaluate(&graph, &[result], &inputs).unwrap().remove(0);
        assert_eq!(value.shape().unwrap().to_vec(), sizes(shape), "{name}");
        let expected = expected.split(' ').map(|number| number.parse::<f64>().unwrap());
        for (place, (found, expected)) in numbers(&value).into_iter().zip(expected).enumerate() {
            // Keras computes in single precision.
            let near = (found - expected).abs() <= 4e-6 * (1.0 + expected.abs());
            assert!(near, "{name} at {place}: {found} against {expected}");
        }
        count += 1;
    }
    assert!(count > 100, "{count} lines");
}
