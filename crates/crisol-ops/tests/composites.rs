//! Programs of several operations: values worked out by hand or with NumPy, and the texts of their errors.

#![allow(clippy::unwrap_used)] // helpers of tests are not seen as tests

mod support;

use crisol_ir::ndarray::{ArrayD, IxDyn};
use crisol_ir::{DType, Graph, NodeId, Result, Shape, TensorType, Value};
use crisol_ops::{self as ops, eager};
use support::{numbers, type_of};

/// 0, 1, 2, ... under a shape.
fn counting(sizes: &[usize]) -> Value {
    let count = sizes.iter().product::<usize>();
    Value::F64(ArrayD::from_shape_vec(IxDyn(sizes), (0..count).map(|x| x as f64).collect()).unwrap())
}

fn integers(sizes: &[usize], elements: &[i32]) -> Value {
    Value::I32(ArrayD::from_shape_vec(IxDyn(sizes), elements.to_vec()).unwrap())
}

type Build = fn(&mut Graph, &[NodeId]) -> Result<NodeId>;

/// The shape and elements of what a program makes.
fn run(inputs: &[Value], build: impl FnOnce(&mut Graph, &[NodeId]) -> Result<NodeId>) -> (Vec<usize>, Vec<f64>) {
    let mut graph = Graph::new();
    let nodes: Vec<NodeId> = inputs.iter().map(|value| graph.input(type_of(value))).collect();
    let result = build(&mut graph, &nodes).unwrap();
    graph.verify().unwrap();
    let value = eager::evaluate(&graph, &[result], inputs).unwrap().remove(0);
    (value.shape().unwrap().to_vec(), numbers(&value))
}

/// As [`run`] on one input that counts.
fn on(sizes: &[usize], build: impl FnOnce(&mut Graph, NodeId) -> Result<NodeId>) -> (Vec<usize>, Vec<f64>) {
    run(&[counting(sizes)], |graph, x| build(graph, x[0]))
}

fn error(types: &[(DType, &[usize])], build: impl FnOnce(&mut Graph, &[NodeId]) -> Result<NodeId>) -> String {
    let mut graph = Graph::new();
    let ty = |&(dtype, sizes): &(DType, &[usize])| TensorType::new(dtype, Shape::new(sizes).unwrap());
    let nodes: Vec<NodeId> = types.iter().map(|given| graph.input(ty(given))).collect();
    build(&mut graph, &nodes).unwrap_err().to_string()
}

#[test]
fn axes_come_go_and_change_places() {
    assert_eq!(on(&[2, 3], |g, x| ops::expand_dims(g, x, -1)).0, [2, 3, 1]);
    assert_eq!(on(&[2, 3], |g, x| ops::expand_dims(g, x, 0)).0, [1, 2, 3]);
    assert_eq!(on(&[1, 3, 1], |g, x| ops::squeeze(g, x, &[])).0, [3]);
    assert_eq!(on(&[1, 3, 1], |g, x| ops::squeeze(g, x, &[-1])).0, [1, 3]);
    assert_eq!(on(&[2, 3, 4], |g, x| ops::moveaxis(g, x, 0, -1)).0, [3, 4, 2]);
    assert_eq!(on(&[2, 3, 4], |g, x| ops::moveaxis(g, x, 2, 0)).0, [4, 2, 3]);
    assert_eq!(on(&[2, 3], |g, x| ops::swapaxes(g, x, 0, 1)), (vec![3, 2], vec![0.0, 3.0, 1.0, 4.0, 2.0, 5.0]));
    let f = DType::F32;
    assert_eq!(
        error(&[(f, &[2, 3])], |g, x| ops::squeeze(g, x[0], &[1])),
        "squeeze: axis 1 of [2, 3] has size 3, expected 1"
    );
    assert_eq!(
        error(&[(f, &[2, 3])], |g, x| ops::expand_dims(g, x[0], 4)),
        "expand_dims: axis 4 cannot be added to [2, 3]: expected -3 to 2"
    );
}

#[test]
fn joining_and_cutting() {
    let (a, b) = (counting(&[2, 2]), counting(&[2, 1]));
    let joined = run(&[a.clone(), b.clone()], |g, x| ops::concatenate(g, x, -1));
    assert_eq!(joined, (vec![2, 3], vec![0.0, 1.0, 0.0, 2.0, 3.0, 1.0]));
    let stacked = |axis| run(&[b.clone(), b.clone()], |g, x| ops::stack(g, x, axis));
    assert_eq!(stacked(0), (vec![2, 2, 1], vec![0.0, 1.0, 0.0, 1.0]));
    assert_eq!(stacked(-1), (vec![2, 1, 2], vec![0.0, 0.0, 1.0, 1.0]));
    assert_eq!(on(&[2, 4], |g, x| Ok(ops::split(g, x, 2, 1)?[1])), (vec![2, 2], vec![2.0, 3.0, 6.0, 7.0]));
    assert_eq!(on(&[5], |g, x| Ok(ops::split_at(g, x, &[1, 1, 4], 0)?[2])), (vec![3], vec![1.0, 2.0, 3.0]));
    assert_eq!(on(&[2, 3], |g, x| Ok(ops::unstack(g, x, -1)?[2])), (vec![2], vec![2.0, 5.0]));
    let mut graph = Graph::new();
    let empty = graph.input(TensorType::new(DType::F32, Shape::new(&[0, 2]).unwrap()));
    assert_eq!(ops::unstack(&mut graph, empty, 0).unwrap(), []);
    let f = DType::F32;
    assert_eq!(
        error(&[(f, &[2, 3]), (f, &[2, 4])], |g, x| ops::concatenate(g, x, 0)),
        "concatenate: input 0 [2, 3] and input 1 [2, 4] differ elsewhere than along axis 0"
    );
    assert_eq!(
        error(&[(f, &[2, 3]), (f, &[2])], |g, x| ops::stack(g, x, 0)),
        "stack: expected inputs of one shape, given [2, 3] and [2]"
    );
    assert_eq!(error(&[], |g, x| ops::concatenate(g, x, 0)), "concatenate: expected at least 1 input, given 0");
    assert_eq!(
        error(&[(f, &[5])], |g, x| Ok(ops::split(g, x[0], 2, 0)?[0])),
        "split: axis 0 of [5] does not divide into 2 equal parts (name the cuts with split_at)"
    );
}

#[test]
fn turning_and_repeating() {
    assert_eq!(on(&[4], |g, x| ops::roll(g, x, 1, 0)).1, [3.0, 0.0, 1.0, 2.0]);
    assert_eq!(on(&[4], |g, x| ops::roll(g, x, -6, 0)).1, [2.0, 3.0, 0.0, 1.0]);
    assert_eq!(on(&[2, 2], |g, x| ops::flip(g, x, &[0])).1, [2.0, 3.0, 0.0, 1.0]);
    assert_eq!(on(&[2, 2], |g, x| ops::repeat(g, x, 2, 1)), (vec![2, 4], vec![0.0, 0.0, 1.0, 1.0, 2.0, 2.0, 3.0, 3.0]));
    assert_eq!(on(&[2], |g, x| ops::repeat(g, x, 0, 0)), (vec![0], vec![]));
    assert_eq!(
        on(&[1, 2], |g, x| ops::tile(g, x, &[2, 2])),
        (vec![2, 4], vec![0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0])
    );
    assert_eq!(on(&[2], |g, x| ops::tile(g, x, &[2, 1])), (vec![2, 2], vec![0.0, 1.0, 0.0, 1.0]));
}

#[test]
fn slices_by_numpys_rule() {
    let part = |start, end, step| on(&[7], |g, x| ops::slice_by_steps(g, x, 0, start, end, step)).1;
    // numpy.arange(7)[start:end:step]
    assert_eq!(part(None, None, 3), [0.0, 3.0, 6.0]);
    assert_eq!(part(Some(-3), None, 1), [4.0, 5.0, 6.0]);
    assert_eq!(part(Some(1), Some(-1), 2), [1.0, 3.0, 5.0]);
    assert_eq!(part(None, None, -2), [6.0, 4.0, 2.0, 0.0]);
    assert_eq!(part(Some(5), Some(1), -2), [5.0, 3.0]);
    assert_eq!(part(Some(100), Some(-100), -4), [6.0, 2.0]);
    assert_eq!(part(Some(5), Some(1), 1), []);
    assert_eq!(part(Some(2), None, isize::MAX), [2.0]);
    assert_eq!(part(Some(2), None, isize::MIN), [2.0]);
}

#[test]
fn choosing_by_index() {
    let x = counting(&[3, 2]);
    let taken = run(&[x.clone(), integers(&[2, 2], &[2, 0, -1, 1])], |g, x| ops::take(g, x[0], x[1], 0));
    assert_eq!(taken, (vec![2, 2, 2], vec![4.0, 5.0, 0.0, 1.0, 4.0, 5.0, 2.0, 3.0]));
    let taken = run(&[x.clone(), integers(&[], &[1])], |g, x| ops::take(g, x[0], x[1], -1));
    assert_eq!(taken, (vec![3], vec![1.0, 3.0, 5.0]));
    let along = |sizes: &[usize], list: &[i32], axis| {
        run(&[x.clone(), integers(sizes, list)], |g, x| ops::take_along_axis(g, x[0], x[1], axis))
    };
    assert_eq!(along(&[3, 1], &[1, 0, -1], 1), (vec![3, 1], vec![1.0, 2.0, 5.0]));
    assert_eq!(along(&[2, 2], &[1, 0, 2, -1], 0), (vec![2, 2], vec![2.0, 1.0, 4.0, 5.0]));
    assert_eq!(along(&[1, 1], &[1], 1), (vec![3, 1], vec![1.0, 3.0, 5.0]));
    let sums = run(&[x, integers(&[3], &[1, 3, 1])], |g, x| ops::segment_sum(g, x[0], x[1], 4));
    assert_eq!(sums, (vec![4, 2], vec![0.0, 0.0, 4.0, 6.0, 0.0, 0.0, 2.0, 3.0]));
    let hot = run(&[integers(&[4], &[1, 2, 0, -1])], |g, x| ops::one_hot(g, x[0], 3, DType::F32));
    assert_eq!(hot, (vec![4, 3], vec![0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0]));
    let (f, i) = (DType::F32, DType::I32);
    assert_eq!(
        error(&[(f, &[3, 2]), (f, &[2])], |g, x| ops::take(g, x[0], x[1], 0)),
        "gather: indices are float32[1, 2, 1], expected int32, int64 or uint8 (cast them, for example with .cast(DType::I32))"
    );
    assert_eq!(
        error(&[(f, &[3, 2]), (i, &[2])], |g, x| ops::take_along_axis(g, x[0], x[1], 0)),
        "take_along_axis: x [3, 2] and indices [2] have different ranks (add axes of size 1 to one of them)"
    );
    assert_eq!(
        error(&[(f, &[0, 2]), (i, &[2])], |g, x| ops::take(g, x[0], x[1], 0)),
        "gather: 2 elements chosen from [1, 0, 2], whose axis 1 is empty"
    );
}

#[test]
fn an_index_out_of_range_is_named() {
    let mut graph = Graph::new();
    let x = graph.input(TensorType::new(DType::F32, Shape::new(&[3]).unwrap()));
    let indices = graph.input(TensorType::new(DType::I32, Shape::new(&[3]).unwrap()));
    let taken = ops::take(&mut graph, x, indices, 0).unwrap();
    let arguments = [counting(&[3]).cast(DType::F32), integers(&[3], &[0, 3, -4])];
    let error = eager::evaluate(&graph, &[taken], &arguments).unwrap_err();
    assert_eq!(
        error.to_string(),
        "gather: index 3 at place 1 of the indices is out of range for an axis of 3 (expected -3 to 2)"
    );
}

#[test]
fn counting_and_even_numbers() {
    let scalar = |number: f64| Value::F64(crisol_ir::ndarray::arr0(number).into_dyn());
    let range = run(&[scalar(1.0), scalar(-0.5)], |g, x| ops::arange(g, x[0], x[1], 3));
    assert_eq!(range, (vec![3], vec![1.0, 0.5, 0.0]));
    let even = |count| run(&[scalar(0.0), scalar(0.3)], |g, x| ops::linspace(g, x[0], x[1], count)).1;
    // The last number is the one asked for, which 3 * (0.3 / 3) is not.
    assert_eq!(even(4), [0.0, 0.3 / 3.0, 2.0 * (0.3 / 3.0), 0.3]);
    assert_eq!((even(1), even(0)), (vec![0.0], vec![]));
    assert_eq!(run(&[], |g, _| ops::iota(g, DType::I32, Shape::new(&[2, 2])?)).1, [0.0, 1.0, 2.0, 3.0]);
}

#[test]
fn triangles_and_diagonals() {
    assert_eq!(on(&[2, 3], |g, x| ops::tril(g, x, 0)).1, [0.0, 0.0, 0.0, 3.0, 4.0, 0.0]);
    assert_eq!(on(&[2, 3], |g, x| ops::tril(g, x, 1)).1, [0.0, 1.0, 0.0, 3.0, 4.0, 5.0]);
    assert_eq!(on(&[2, 3], |g, x| ops::triu(g, x, 1)).1, [0.0, 1.0, 2.0, 0.0, 0.0, 5.0]);
    assert_eq!(on(&[2, 3], |g, x| ops::triu(g, x, -1)).1, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    assert_eq!(run(&[], |g, _| ops::eye(g, DType::F32, 2, 3, 1)).1, [0.0, 1.0, 0.0, 0.0, 0.0, 1.0]);
    let diagonal = |sizes: &[usize], offset| on(sizes, |g, x| ops::diagonal(g, x, offset, [0, 1]));
    assert_eq!(diagonal(&[3, 4], 0), (vec![3], vec![0.0, 5.0, 10.0]));
    assert_eq!(diagonal(&[3, 4], 2), (vec![2], vec![2.0, 7.0]));
    assert_eq!(diagonal(&[3, 4], -1), (vec![2], vec![4.0, 9.0]));
    assert_eq!(diagonal(&[3, 4], 9), (vec![0], vec![]));
    assert_eq!(diagonal(&[2, 2, 2], 0), (vec![2, 2], vec![0.0, 6.0, 1.0, 7.0]));
    assert_eq!(on(&[2, 2, 2], |g, x| ops::diagonal(g, x, 0, [-1, 0])).1, [0.0, 5.0, 2.0, 7.0]);
    assert_eq!(on(&[3, 3], |g, x| ops::trace(g, x, 1, [0, 1])), (vec![], vec![6.0]));
    let diag = |offset| on(&[2], |g, x| ops::diag(g, x, offset));
    assert_eq!(diag(0), (vec![2, 2], vec![0.0, 0.0, 0.0, 1.0]));
    assert_eq!(diag(1), (vec![3, 3], vec![0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]));
    assert_eq!(diag(-1), (vec![3, 3], vec![0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0]));
}

fn floats(elements: &[f64]) -> Value {
    Value::F64(ArrayD::from_shape_vec(IxDyn(&[elements.len()]), elements.to_vec()).unwrap())
}

#[test]
fn statistics() {
    let one = |elements: &[f64], build: fn(&mut Graph, NodeId) -> Result<NodeId>| {
        run(&[floats(elements)], |g, x| build(g, x[0])).1[0]
    };
    let (nan, infinity) = (f64::NAN, f64::INFINITY);
    assert_eq!(one(&[1.0, 2.0, 6.0], |g, x| ops::variance(g, x, &[0])), 14.0 / 3.0);
    // E[x^2] - E[x]^2 has no correct digit here.
    assert!((one(&[1e9 + 1.0, 1e9 + 2.0, 1e9 + 6.0], |g, x| ops::variance(g, x, &[0])) - 14.0 / 3.0).abs() < 1e-9);
    let logsumexp = |elements: &[f64]| one(elements, |g, x| ops::logsumexp(g, x, &[0]));
    assert_eq!(logsumexp(&[1000.0, 1000.0]), 1000.0 + 2.0f64.ln());
    assert_eq!(logsumexp(&[-infinity, -infinity]), -infinity);
    assert_eq!(logsumexp(&[infinity, 0.0]), infinity);
    assert!(logsumexp(&[nan, 0.0]).is_nan());
    assert_eq!(one(&[3.0, -4.0], |g, x| ops::norm(g, x, 2.0, &[0])), 5.0);
    assert_eq!(one(&[3.0, -4.0], |g, x| ops::norm(g, x, 1.0, &[0])), 7.0);
    assert_eq!(one(&[3.0, -4.0], |g, x| ops::norm(g, x, f64::INFINITY, &[0])), 4.0);
    assert_eq!(one(&[3.0, -4.0], |g, x| ops::norm(g, x, f64::NEG_INFINITY, &[0])), 3.0);
    assert_eq!(one(&[0.0, nan, 2.0, 0.0], |g, x| ops::count_nonzero(g, x, &[0])), 2.0);
    assert_eq!(one(&[0.0, 0.5], |g, x| ops::reduce_any(g, x, &[0])), 1.0);
    assert_eq!(one(&[0.0, 0.5], |g, x| ops::reduce_all(g, x, &[0])), 0.0);
    assert_eq!(one(&[], |g, x| ops::reduce_any(g, x, &[0])), 0.0);
    assert_eq!(one(&[], |g, x| ops::reduce_all(g, x, &[0])), 1.0);
    assert_eq!(one(&[], |g, x| ops::product(g, x, &[0])), 1.0);
    let f = DType::F32;
    assert_eq!(
        error(&[(f, &[2])], |g, x| ops::norm(g, x[0], 3.0, &[0])),
        "norm: order 3 is none of 1, 2, infinity and minus infinity"
    );
    assert_eq!(
        error(&[(f, &[2, 0])], |g, x| ops::min(g, x[0], &[1])),
        "min: axis 1 of [2, 0] is empty and has no smallest element"
    );
}

#[test]
fn places_of_extremes() {
    let place = |elements: &[f64], least: bool| {
        run(&[floats(elements)], |g, x| if least { ops::argmin(g, x[0], 0) } else { ops::argmax(g, x[0], -1) }).1[0]
    };
    assert_eq!(place(&[1.0, 5.0, 0.0, 5.0, 0.0], false), 1.0);
    assert_eq!(place(&[1.0, 5.0, 0.0, 5.0, 0.0], true), 2.0);
    assert_eq!(place(&[1.0, f64::NAN, 9.0, f64::NAN], false), 1.0);
    assert_eq!(place(&[1.0, f64::NAN, -9.0], true), 1.0);
    assert_eq!(place(&[f64::NEG_INFINITY; 2], false), 0.0);
    let counting = on(&[2, 3], |g, x| ops::argmax(g, x, 1));
    assert_eq!(counting, (vec![2], vec![2.0, 2.0]));
    assert_eq!(
        error(&[(DType::F32, &[2, 0])], |g, x| ops::argmax(g, x[0], 1)),
        "max: axis 1 of [2, 0] is empty and has no largest element"
    );
}

#[test]
fn running_sums_and_products() {
    assert_eq!(on(&[2, 3], |g, x| ops::cumsum(g, x, 1, false)).1, [0.0, 1.0, 3.0, 3.0, 7.0, 12.0]);
    assert_eq!(on(&[2, 3], |g, x| ops::cumsum(g, x, -1, true)).1, [3.0, 3.0, 2.0, 12.0, 9.0, 5.0]);
    let products = run(&[floats(&[1.0, 2.0, 3.0, 4.0, 5.0])], |g, x| ops::cumprod(g, x[0], 0)).1;
    assert_eq!(products, [1.0, 2.0, 6.0, 24.0, 120.0]);
}

#[test]
fn orders() {
    let x = [2.0, f64::NAN, -1.0, 2.0, f64::NEG_INFINITY, 7.0];
    let sorted = |descending| run(&[floats(&x)], |g, x| ops::sort(g, x[0], 0, descending)).1;
    assert_eq!(sorted(false)[..5], [f64::NEG_INFINITY, -1.0, 2.0, 2.0, 7.0]);
    assert!(sorted(false)[5].is_nan() && sorted(true)[0].is_nan());
    assert_eq!(sorted(true)[1..], [7.0, 2.0, 2.0, -1.0, f64::NEG_INFINITY]);
    let places = |count| run(&[floats(&x)], |g, x| ops::argsort(g, x[0], 0, false, count)).1;
    assert_eq!(places(None), [4.0, 2.0, 0.0, 3.0, 5.0, 1.0]);
    assert_eq!(places(Some(3)), [4.0, 2.0, 0.0]);
    let top = run(&[floats(&[1.0, 3.0, 3.0, 2.0])], |g, x| Ok(ops::top_k(g, x[0], 3)?[1])).1;
    assert_eq!(top, [1.0, 2.0, 3.0]);
    let top = run(&[counting(&[2, 3])], |g, x| Ok(ops::top_k(g, x[0], 2)?[0]));
    assert_eq!(top, (vec![2, 2], vec![2.0, 1.0, 5.0, 4.0]));
    assert_eq!(
        error(&[(DType::F32, &[2, 3])], |g, x| Ok(ops::top_k(g, x[0], 4)?[0])),
        "argsort: 4 places of axis 1 of [2, 3]: expected 3 at most"
    );
}

#[test]
fn products_by_numpys_rules() {
    let product = |a: &[usize], b: &[usize]| run(&[counting(a), counting(b)], |g, x| ops::matmul(g, x[0], x[1]));
    assert_eq!(product(&[3], &[3]), (vec![], vec![5.0]));
    assert_eq!(product(&[2, 3], &[3]), (vec![2], vec![5.0, 14.0]));
    assert_eq!(product(&[2], &[2, 2]), (vec![2], vec![2.0, 3.0]));
    assert_eq!(product(&[2, 1, 1, 2], &[3, 2, 1]).0, [2, 3, 1, 1]);
    assert_eq!(product(&[2, 1, 1, 2], &[3, 2, 1]).1, [1.0, 3.0, 5.0, 3.0, 13.0, 23.0]);
    assert_eq!(product(&[2, 3, 2], &[2]).0, [2, 3]);
    let two = |a: &[usize], b: &[usize], build: Build| run(&[counting(a), counting(b)], build);
    assert_eq!(two(&[2], &[3], |g, x| ops::outer(g, x[0], x[1])), (vec![2, 3], vec![0.0, 0.0, 0.0, 0.0, 1.0, 2.0]));
    assert_eq!(two(&[3], &[3], |g, x| ops::dot(g, x[0], x[1])), (vec![], vec![5.0]));
    assert_eq!(two(&[], &[3], |g, x| ops::dot(g, x[0], x[1])).1, [0.0; 3]);
    assert_eq!(two(&[2, 3], &[2, 3, 4], |g, x| ops::dot(g, x[0], x[1])).0, [2, 2, 4]);
    // numpy.tensordot(arange(24).reshape(2, 3, 4), arange(12).reshape(4, 3), ([1, 2], [1, 0]))
    let dot = two(&[2, 3, 4], &[4, 3], |g, x| ops::tensordot(g, x[0], x[1], &[1, 2], &[1, 0]));
    assert_eq!(dot, (vec![2], vec![440.0, 1232.0]));
    let whole = integers(&[2, 2], &[1, 2, 3, 4]);
    let square = run(&[whole.clone(), whole], |g, x| ops::einsum(g, "ij,jk", x));
    assert_eq!(square, (vec![2, 2], vec![7.0, 10.0, 15.0, 22.0]));
}

#[test]
fn equations_that_do_not_fit_are_explained() {
    let f = DType::F32;
    let fails = |equation: &str, shapes: &[&[usize]]| {
        let types: Vec<(DType, &[usize])> = shapes.iter().map(|sizes| (f, *sizes)).collect();
        error(&types, |g, x| ops::einsum(g, equation, x))
    };
    assert_eq!(fails("ij,jk", &[&[2, 3]]), "einsum: equation \"ij,jk\": names 2 operands, 1 given");
    assert_eq!(fails("ij", &[&[2]]), "einsum: equation \"ij\": term \"ij\" names 2 axes, its operand float32[2] has 1");
    assert_eq!(fails("ij->ik", &[&[2, 3]]), "einsum: equation \"ij->ik\": the output names 'k', which no operand has");
    assert_eq!(fails("ij->ii", &[&[2, 3]]), "einsum: equation \"ij->ii\": the output names 'i' twice");
    assert_eq!(fails("ii", &[&[2, 3]]), "einsum: equation \"ii\": 'i' names axes of sizes 2 and 3 of [2, 3]");
    assert_eq!(
        fails("ij,jk->ik", &[&[2, 3], &[4, 5]]),
        "einsum: equation \"ij,jk->ik\": 'j' is 3 in one operand and 4 in [4, 5]"
    );
    assert_eq!(
        fails("i.j->", &[&[2, 3]]),
        "einsum: equation \"i.j->\": '.' in term \"i.j\" is neither a letter nor part of \"...\""
    );
}

#[test]
fn transposed_windows_are_those_of_a_convolution() {
    for size in 1..6 {
        for (window, stride, dilation) in [(3, 1, 1), (3, 2, 1), (2, 3, 1), (1, 1, 1), (4, 2, 2), (5, 4, 1)] {
            for padding in [ops::Padding::Valid, ops::Padding::Same] {
                for more in [None, Some(0), Some(stride - 1)] {
                    let Ok((result, [low, high])) =
                        ops::transposed_window(size, window, stride, dilation, padding, more)
                    else {
                        // Nothing is left of so small a result.
                        assert!(padding == ops::Padding::Same && more.is_some());
                        continue;
                    };
                    let reach = (window - 1) * dilation + 1;
                    assert_eq!(
                        (result + low + high - reach) / stride + 1,
                        size,
                        "{window} {stride} {dilation} {more:?}"
                    );
                }
            }
        }
    }
}
