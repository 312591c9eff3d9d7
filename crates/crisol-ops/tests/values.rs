//! Values worked out by hand or by other means: what definitions are themselves tested against.

#![allow(clippy::unwrap_used)] // helpers of tests are not seen as tests

mod support;

use crisol_ir::ndarray::{Array1, ArrayD, IxDyn, arr0, arr1, array};
use crisol_ir::{DType, Graph, NodeId, Result, Shape, TensorType, Value};
use crisol_ops::{self as ops, Conv2dAttributes, Pool2dAttributes, eager};
use support::numbers;

/// The result of a short program on values.
fn run(inputs: &[Value], build: impl FnOnce(&mut Graph, &[NodeId]) -> Result<NodeId>) -> Value {
    let mut graph = Graph::new();
    let nodes: Vec<NodeId> = inputs.iter().map(|value| graph.input(support::type_of(value))).collect();
    let result = build(&mut graph, &nodes).unwrap();
    graph.verify().unwrap();
    eager::evaluate(&graph, &[result], inputs).unwrap().remove(0)
}

fn floats(elements: &[f32]) -> Value {
    Value::F32(arr1(elements).into_dyn())
}

#[test]
fn nan_passes_where_it_should() {
    let (nan, one) = (floats(&[f32::NAN]), floats(&[1.0]));
    for pair in [[nan.clone(), one.clone()], [one.clone(), nan.clone()]] {
        assert!(numbers(&run(&pair, |g, x| ops::maximum(g, x[0], x[1])))[0].is_nan());
        assert!(numbers(&run(&pair, |g, x| ops::minimum(g, x[0], x[1])))[0].is_nan());
        assert_eq!(numbers(&run(&pair, |g, x| ops::less(g, x[0], x[1]))), [0.0]);
        assert_eq!(numbers(&run(&pair, |g, x| ops::not_equal(g, x[0], x[1]))), [1.0]);
    }
    assert!(numbers(&run(std::slice::from_ref(&nan), |g, x| ops::relu(g, x[0])))[0].is_nan());
    assert!(numbers(&run(&[floats(&[2.0, f32::NAN, 3.0])], |g, x| ops::max(g, x[0], &[0])))[0].is_nan());
    let pool = Pool2dAttributes { window: [2, 2], stride: [2, 2], padding: [[0, 0], [0, 0]] };
    let image = Value::F32(array![[[[1f32], [f32::NAN]], [[3.0], [2.0]]]].into_dyn());
    assert!(numbers(&run(&[image], |g, x| ops::max_pool2d(g, x[0], pool)))[0].is_nan());
}

#[test]
fn integers_wrap_and_bytes_cut() {
    let large = Value::I32(arr1(&[i32::MAX]).into_dyn());
    let one = Value::I32(arr1(&[1]).into_dyn());
    assert_eq!(numbers(&run(&[large, one], |g, x| ops::add(g, x[0], x[1]))), [f64::from(i32::MIN)]);
    let wide = Value::I64(arr1(&[257, -1, 1 << 40]).into_dyn());
    assert_eq!(numbers(&run(&[wide], |g, x| ops::cast(g, x[0], DType::U8))), [1.0, 255.0, 0.0]);
    let real = floats(&[300.0, -5.0, 2.9, f32::NAN]);
    assert_eq!(numbers(&run(&[real], |g, x| ops::cast(g, x[0], DType::U8))), [255.0, 0.0, 2.0, 0.0]);
}

/// Both functions on pairs of numbers of a type.
fn divided(dtype: DType, pairs: &[(f64, f64)]) -> (Vec<f64>, Vec<f64>) {
    let column =
        |pick: fn(&(f64, f64)) -> f64| Value::F64(Array1::from_iter(pairs.iter().map(pick)).into_dyn()).cast(dtype);
    let inputs = [column(|pair| pair.0), column(|pair| pair.1)];
    let quotients = run(&inputs, |g, x| ops::floor_divide(g, x[0], x[1]));
    let rests = run(&inputs, |g, x| ops::remainder(g, x[0], x[1]));
    (numbers(&quotients), numbers(&rests))
}

#[test]
fn divisions_round_down_as_in_numpy() {
    let pairs = [(7.0, 3.0), (-7.0, 3.0), (7.0, -3.0), (-7.0, -3.0), (6.0, -3.0), (0.0, 5.0), (5.0, 0.0), (-5.0, 0.0)];
    for dtype in [DType::I32, DType::I64] {
        let (quotients, rests) = divided(dtype, &pairs);
        assert_eq!(quotients, [2.0, -3.0, -3.0, 2.0, -2.0, 0.0, 0.0, 0.0]);
        assert_eq!(rests, [1.0, 2.0, -2.0, -1.0, 0.0, 0.0, 0.0, 0.0]);
    }
    let least = [(f64::from(i32::MIN), -1.0), (f64::from(i32::MIN), 0.0)];
    assert_eq!(divided(DType::I32, &least), (vec![f64::from(i32::MIN), 0.0], vec![0.0, 0.0]));
    assert_eq!(divided(DType::U8, &[(250.0, 7.0), (250.0, 0.0)]), (vec![35.0, 0.0], vec![5.0, 0.0]));
    let (quotients, rests) = divided(DType::F64, &[(1.0, 0.1), (-1.0, f64::INFINITY), (7.5, -2.0), (1e300, 3.0)]);
    assert_eq!(quotients, [9.0, -1.0, -4.0, ((1e300 - 1e300 % 3.0) / 3.0f64).round()]);
    assert_eq!(rests, [1.0 % 0.1, f64::INFINITY, -0.5, 1e300 % 3.0]);
    let (quotients, rests) = divided(DType::F32, &[(1.0, 0.0), (-1.0, 0.0), (0.0, 0.0), (f64::INFINITY, 2.0)]);
    assert_eq!(quotients[..2], [f64::INFINITY, f64::NEG_INFINITY]);
    assert!(quotients[2..].iter().chain(&rests).all(|x| x.is_nan()));
}

#[test]
fn shifts_beyond_the_width_leave_nothing_or_the_sign() {
    let numbers_of = |count: i32| {
        let inputs = [Value::I32(arr1(&[5, -5]).into_dyn()), Value::I32(arr1(&[count, count]).into_dyn())];
        let left = run(&inputs, |g, x| ops::left_shift(g, x[0], x[1]));
        let right = run(&inputs, |g, x| ops::right_shift(g, x[0], x[1]));
        [numbers(&left), numbers(&right)].concat()
    };
    assert_eq!(numbers_of(1), [10.0, -10.0, 2.0, -3.0]);
    assert_eq!(numbers_of(31), [f64::from(i32::MIN), f64::from(i32::MIN), 0.0, -1.0]);
    for count in [32, 33, 1000, -1, i32::MIN] {
        assert_eq!(numbers_of(count), [0.0, 0.0, 0.0, -1.0], "{count}");
    }
    let bytes = [Value::U8(arr1(&[200, 200, 200]).into_dyn()), Value::U8(arr1(&[1, 8, 200]).into_dyn())];
    assert_eq!(numbers(&run(&bytes, |g, x| ops::left_shift(g, x[0], x[1]))), [144.0, 0.0, 0.0]);
    assert_eq!(numbers(&run(&bytes, |g, x| ops::right_shift(g, x[0], x[1]))), [100.0, 0.0, 0.0]);
}

#[test]
fn rounding_goes_to_even() {
    let x = floats(&[-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 2.500_001]);
    assert_eq!(numbers(&run(&[x], |g, x| ops::round(g, x[0]))), [-2.0, -2.0, 0.0, 0.0, 2.0, 2.0, 3.0]);
}

#[test]
fn subnormal_numbers_count_as_zero() {
    let tiny = floats(&[1e-40, 1e-38]);
    let positive = run(&[tiny.clone(), floats(&[0.0])], |g, x| ops::greater(g, x[0], x[1]));
    assert_eq!(numbers(&positive), [0.0, 0.0]);
    assert_eq!(numbers(&run(&[floats(&[-100.0])], |g, x| ops::exp(g, x[0]))), [0.0]);
    // A view moves no element, and so changes none.
    let column = run(&[tiny], |g, x| ops::reshape(g, x[0], Shape::new(&[2, 1])?));
    assert_eq!(numbers(&column)[0], f64::from(1e-40f32));
}

#[test]
fn means_and_sums_to_a_shape() {
    let x = Value::F32(array![[1f32, 2.0, 3.0], [5.0, 6.0, 7.0]].into_dyn());
    let run_on = |build: fn(&mut Graph, &[NodeId]) -> Result<NodeId>| run(std::slice::from_ref(&x), build);
    assert_eq!(numbers(&run_on(|g, x| ops::mean(g, x[0], &[-1]))), [2.0, 6.0]);
    assert_eq!(numbers(&run_on(|g, x| ops::mean(g, x[0], &[0, 1]))), [4.0]);
    assert_eq!(numbers(&run_on(|g, x| ops::sum_to_shape(g, x[0], Shape::new(&[3])?))), [6.0, 8.0, 10.0]);
    assert_eq!(numbers(&run_on(|g, x| ops::sum_to_shape(g, x[0], Shape::new(&[2, 1])?))), [6.0, 18.0]);
    assert_eq!(numbers(&run_on(|g, x| ops::sum_to_shape(g, x[0], Shape::SCALAR))), [24.0]);
    let empty = Value::zeros(DType::F32, &Shape::new(&[0, 3]).unwrap());
    assert!(numbers(&run(std::slice::from_ref(&empty), |g, x| ops::mean(g, x[0], &[0]))).iter().all(|x| x.is_nan()));
    assert_eq!(numbers(&run(&[empty], |g, x| ops::sum(g, x[0], &[0]))), [0.0; 3]);
}

#[test]
fn a_convolution_by_hand() {
    // 1 to 9 under a 2x2 kernel of 1, 2, 3, 4, with a zero above and to the left and steps of 2.
    let image = Value::F64(ArrayD::from_shape_vec(IxDyn(&[1, 3, 3, 1]), (1..10).map(f64::from).collect()).unwrap());
    let kernel = Value::F64(ArrayD::from_shape_vec(IxDyn(&[2, 2, 1, 1]), vec![1.0, 2.0, 3.0, 4.0]).unwrap());
    let how = Conv2dAttributes { stride: [2, 2], padding: [[1, 0], [1, 0]], ..Conv2dAttributes::default() };
    let result = run(&[image.clone(), kernel.clone()], |g, x| ops::conv2d(g, x[0], x[1], how));
    assert_eq!(
        numbers(&result),
        [4.0, 3.0 * 2.0 + 4.0 * 3.0, 2.0 * 4.0 + 4.0 * 7.0, 5.0 + 2.0 * 6.0 + 3.0 * 8.0 + 4.0 * 9.0]
    );
    let wide = Conv2dAttributes { dilation: [2, 2], ..Conv2dAttributes::default() };
    let result = run(&[image, kernel], |g, x| ops::conv2d(g, x[0], x[1], wide));
    assert_eq!(numbers(&result), [1.0 + 2.0 * 3.0 + 3.0 * 7.0 + 4.0 * 9.0]);
}

#[test]
fn groups_see_their_own_channels() {
    let image = Value::F64(ArrayD::from_shape_vec(IxDyn(&[1, 1, 1, 4]), vec![1.0, 10.0, 100.0, 1000.0]).unwrap());
    let kernel = Value::F64(ArrayD::from_shape_vec(IxDyn(&[1, 1, 2, 2]), vec![1.0, 1.0, 2.0, 2.0]).unwrap());
    let how = Conv2dAttributes { groups: 2, ..Conv2dAttributes::default() };
    let result = run(&[image, kernel], |g, x| ops::conv2d(g, x[0], x[1], how));
    assert_eq!(numbers(&result), [21.0, 2100.0]);
}

fn random(count: usize, key: [i32; 2], draw: fn(&mut Graph, NodeId, NodeId, Shape) -> Result<NodeId>) -> Array1<f64> {
    let words = key.map(|word| Value::I32(arr0(word).into_dyn()));
    let value = run(&words, |g, x| draw(g, x[0], x[1], Shape::new(&[count])?));
    Array1::from(numbers(&value))
}

#[test]
fn random_numbers_have_their_moments_and_depend_on_key_and_position_alone() {
    let count = 100_000;
    let uniform = random(count, [1, 2], ops::random_uniform);
    assert!(uniform.iter().all(|x| (0.0..1.0).contains(x)));
    let deviation = |numbers: &Array1<f64>| numbers.std(0.0);
    // Five standard errors of the mean, and of the deviation.
    assert!((uniform.mean().unwrap() - 0.5).abs() < 5.0 * 0.2887 / (count as f64).sqrt());
    assert!((deviation(&uniform) - 0.288_675).abs() < 0.002);
    let normal = random(count, [1, 2], ops::random_normal);
    assert!(normal.mean().unwrap().abs() < 5.0 / (count as f64).sqrt());
    assert!((deviation(&normal) - 1.0).abs() < 5.0 / (2.0 * count as f64).sqrt());
    let beyond = normal.iter().filter(|x| x.abs() > 1.959_964).count() as f64 / count as f64;
    assert!((beyond - 0.05).abs() < 5.0 * (0.05f64 * 0.95 / count as f64).sqrt(), "{beyond}");

    assert_eq!(random(10, [1, 2], ops::random_uniform), uniform.slice(crisol_ir::ndarray::s![..10]));
    assert_ne!(random(10, [1, 3], ops::random_uniform), random(10, [1, 2], ops::random_uniform));
    assert_ne!(random(10, [2, 2], ops::random_uniform), random(10, [1, 2], ops::random_uniform));
}

#[test]
fn random_integers_are_even_over_any_span() {
    let draw = |span: i32, count: usize| {
        let inputs = [3, 4, span].map(|word| Value::I32(arr0(word).into_dyn()));
        numbers(&run(&inputs, |g, x| ops::random_integers(g, x[0], x[1], x[2], Shape::new(&[count])?)))
    };
    let count = 60_000;
    let mut found = [0; 6];
    draw(6, count).into_iter().for_each(|number| found[number as usize] += 1);
    // Five standard deviations of a count.
    assert!(found.iter().all(|&found| (f64::from(found) - 1e4).abs() < 5.0 * (1e4f64 * 5.0 / 6.0).sqrt()), "{found:?}");
    assert_eq!(draw(1, 3), [0.0; 3]);
    // As an unsigned span, -1 is all but one of the words.
    let wide = draw(-1, 1000);
    assert!(wide.iter().any(|&number| number < 0.0) && wide.iter().any(|&number| number > 0.0));
    let thirds = draw(0x6000_0000, count);
    let low = thirds.iter().filter(|&&number| number < f64::from(0x2000_0000)).count() as f64;
    assert!((low - 2e4).abs() < 5.0 * (6e4f64 * 2.0 / 9.0).sqrt(), "{low}");
}

#[test]
fn functions_return_their_input_where_nothing_is_to_do() {
    let mut graph = Graph::new();
    let x = graph.input(TensorType::new(DType::F32, Shape::new(&[2, 3]).unwrap()));
    let shape = graph.ty(x).shape;
    assert_eq!(ops::reshape(&mut graph, x, shape).unwrap(), x);
    assert_eq!(ops::broadcast(&mut graph, x, shape).unwrap(), x);
    assert_eq!(ops::cast(&mut graph, x, DType::F32).unwrap(), x);
    assert_eq!(ops::pad(&mut graph, x, &[0, 0], &[0, 0]).unwrap(), x);
    assert_eq!(ops::sum(&mut graph, x, &[]).unwrap(), x);
    assert_eq!(graph.len(), 1);
}

#[test]
fn a_constant_spares_maximum_its_check_for_nan() {
    use crisol_ir::kernel::{Access, Builder, Type};
    use crisol_ir::{Attributes, Primitive};
    let length = |constant: f64, first: bool| {
        let mut builder = Builder::new();
        let input = builder.input(DType::F32, Access::Contiguous);
        let x = builder.load(input);
        let limit = builder.constant(Type::F32, constant);
        let operands = if first { [limit, x] } else { [x, limit] };
        ops::MAXIMUM.lower(&mut builder, &Attributes::none(), &operands).unwrap();
        builder.finish().body.len()
    };
    assert_eq!(length(0.0, true), 3);
    assert_eq!(length(0.0, false), 5);
    assert_eq!(length(f64::NAN, true), 5);
}
