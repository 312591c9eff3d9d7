//! The texts of errors: what was given, what was expected, which axis, and what to do.

#![allow(clippy::unwrap_used)] // helpers of tests are not seen as tests

use crisol_ir::{Attributes, DType, Error, Graph, NodeId, Result, Shape, TensorType, Value};
use crisol_ops::{self as ops, Conv2dAttributes, Pool2dAttributes};

fn ty(dtype: DType, sizes: &[usize]) -> TensorType {
    TensorType::new(dtype, Shape::new(sizes).unwrap())
}

/// The error of an operation on inputs of the given types.
fn error(types: &[TensorType], build: impl FnOnce(&mut Graph, &[NodeId]) -> Result<NodeId>) -> Error {
    let mut graph = Graph::new();
    let inputs: Vec<NodeId> = types.iter().map(|&ty| graph.input(ty)).collect();
    build(&mut graph, &inputs).unwrap_err()
}

fn text(types: &[TensorType], build: impl FnOnce(&mut Graph, &[NodeId]) -> Result<NodeId>) -> String {
    error(types, build).to_string()
}

const F: DType = DType::F32;

#[test]
fn element_types() {
    assert_eq!(
        text(&[ty(F, &[2, 3]), ty(DType::I32, &[3])], |g, x| ops::add(g, x[0], x[1])),
        "add: element types do not mix: lhs float32[2, 3], rhs int32[3] (cast one of them, for example with .cast(DType::F32))"
    );
    assert_eq!(
        text(&[ty(DType::Bool, &[3]), ty(DType::Bool, &[3])], |g, x| { ops::multiply(g, x[0], x[1]) }),
        "multiply: expected float32, float64, int32 or int64, given bool[3] (cast it first, for example with .cast(DType::F32), \
         or combine truth values with logical_and, logical_or, logical_not)"
    );
    assert_eq!(
        text(&[ty(DType::U8, &[3])], |g, x| ops::negate(g, x[0])),
        "negate: expected float32, float64, int32 or int64, given uint8[3] (bytes would wrap at 256: cast them first, for example \
         with .cast(DType::F32))"
    );
    assert_eq!(
        text(&[ty(DType::I32, &[3])], |g, x| ops::exp(g, x[0])),
        "exp: expected float32 or float64, given int32[3] (cast it first, for example with .cast(DType::F32))"
    );
    assert_eq!(
        text(&[ty(F, &[3]), ty(F, &[3])], |g, x| ops::logical_and(g, x[0], x[1])),
        "logical_and: expected bool, given float32[3] (compare first, for example with not_equal(x, 0))"
    );
    assert_eq!(
        text(&[ty(DType::I64, &[4])], |g, x| ops::mean(g, x[0], &[0])),
        "mean: expected float32 or float64, given int64[4] (cast it first, for example with .cast(DType::F32))"
    );
    assert_eq!(
        text(&[ty(F, &[3]), ty(F, &[3]), ty(F, &[3])], |g, x| ops::select(g, x[0], x[1], x[2])),
        "select: expected bool, given float32[3] (compare first, for example with not_equal(x, 0))"
    );
    assert_eq!(
        text(&[ty(F, &[]), ty(F, &[])], |g, x| ops::random_normal(g, x[0], x[1], Shape::SCALAR)),
        "random_normal: a key word is float32[], expected int32[]"
    );
}

#[test]
fn shapes() {
    assert_eq!(
        text(&[ty(F, &[32, 100]), ty(F, &[32, 10])], |g, x| ops::add(g, x[0], x[1])),
        "add: shapes [32, 100] and [32, 10] do not broadcast: axis -1 is 100 against 10"
    );
    assert_eq!(
        text(&[ty(F, &[2, 3])], |g, x| ops::reshape(g, x[0], Shape::new(&[4, 2])?)),
        "reshape: [2, 3] has 6 elements, [4, 2] has 8: expected as many"
    );
    assert_eq!(
        text(&[ty(F, &[2, 3])], |g, x| ops::broadcast(g, x[0], Shape::new(&[2, 4])?)),
        "broadcast: [2, 3] does not broadcast to [2, 4]: sizes must be equal or 1, counted from the last axis"
    );
    assert_eq!(
        text(&[ty(F, &[2, 3])], |g, x| ops::permute(g, x[0], &[0, 0])),
        "permute: axes [0, 0] of a tensor of rank 2: expected each of its axes once"
    );
    assert_eq!(
        text(&[ty(F, &[2, 3])], |g, x| ops::slice(g, x[0], &[0, 1], &[2, 2], &[1, 2])),
        "slice: 2 elements from 1 in steps of 2 end at 4, past the end of [2, 3] axis 1 = 3"
    );
    assert_eq!(
        text(&[ty(F, &[2, 3])], |g, x| ops::slice(g, x[0], &[0, 1], &[2, 2], &[1, 0])),
        "slice: step is 0, expected 1 or more"
    );
    assert_eq!(
        text(&[ty(F, &[2, 3])], |g, x| ops::pad(g, x[0], &[1], &[1, 1])),
        "pad: 1 low and 2 high paddings given for [2, 3]: expected 2 of each"
    );
}

#[test]
fn axes() {
    assert_eq!(
        text(&[ty(F, &[2, 3])], |g, x| ops::sum(g, x[0], &[2])),
        "sum: axis 2 does not exist in [2, 3]: expected -2 to 1"
    );
    assert_eq!(
        text(&[ty(F, &[2, 3])], |g, x| ops::mean(g, x[0], &[1, -1])),
        "mean: axes [1, -1] of [2, 3]: axis 1 is named twice"
    );
    assert_eq!(
        text(&[ty(F, &[2, 0])], |g, x| ops::max(g, x[0], &[-1])),
        "max: axis 1 of [2, 0] is empty and has no largest element"
    );
}

#[test]
fn matrix_products() {
    assert_eq!(
        text(&[ty(F, &[32, 100]), ty(F, &[128, 64])], |g, x| ops::matmul(g, x[0], x[1])),
        "matmul: inner sizes differ: lhs [32, 100] axis 1 = 100, rhs [128, 64] axis 0 = 128"
    );
    assert_eq!(
        text(&[ty(F, &[32, 100]), ty(F, &[32, 64])], |g, x| { ops::matmul_transposed(g, x[0], x[1], false, true) }),
        "matmul: inner sizes differ: lhs [32, 100] axis 1 = 100, rhs [32, 64] axis 1 = 64"
    );
    assert_eq!(
        text(&[ty(F, &[2, 4, 5]), ty(F, &[3, 5, 6])], |g, x| ops::matmul(g, x[0], x[1])),
        "matmul: leading axes differ: lhs [2, 4, 5] has [2], rhs [3, 5, 6] has [3] (broadcast one of them, or pass a single matrix)"
    );
    assert_eq!(
        text(&[ty(F, &[]), ty(F, &[4, 5])], |g, x| ops::matmul(g, x[0], x[1])),
        "matmul: lhs [] has rank 0, expected 2 or more (reshape a vector to a matrix of one row or column)"
    );
}

#[test]
fn convolutions_and_pools() {
    let plain = Conv2dAttributes::default();
    assert_eq!(
        text(&[ty(F, &[8, 28, 28, 3]), ty(F, &[3, 3, 1, 16])], |g, x| { ops::conv2d(g, x[0], x[1], plain) }),
        "conv2d: channels differ: input [8, 28, 28, 3] axis 3 = 3, kernel [3, 3, 1, 16] axis 2 = 1"
    );
    let grouped = Conv2dAttributes { groups: 3, ..plain };
    assert_eq!(
        text(&[ty(F, &[8, 28, 28, 3]), ty(F, &[3, 3, 1, 16])], |g, x| { ops::conv2d(g, x[0], x[1], grouped) }),
        "conv2d: kernel [3, 3, 1, 16] axis 3 = 16 filters do not divide into 3 groups"
    );
    assert_eq!(
        text(&[ty(F, &[8, 2, 28, 3]), ty(F, &[3, 3, 3, 16])], |g, x| { ops::conv2d(g, x[0], x[1], plain) }),
        "conv2d: a window of 3 (dilation 1) reaches over 3 elements, but axis 1 = 2 with padding 0 and 0 has 2 (use a smaller \
         window or same padding)"
    );
    assert_eq!(
        text(&[ty(F, &[28, 28, 3]), ty(F, &[3, 3, 3, 16])], |g, x| { ops::conv2d(g, x[0], x[1], plain) }),
        "conv2d: input [28, 28, 3] has rank 3, expected 4: [batch, height, width, channels]"
    );
    assert_eq!(
        text(&[ty(F, &[1, 9, 9, 2]), ty(F, &[3, 3, 3, 2])], |g, x| {
            ops::conv2d_input_gradient(g, x[0], x[1], plain, [10, 10])
        }),
        "conv2d_input_gradient: gradient [1, 9, 9, 2] given, but images [1, 10, 10, 3] and kernel [3, 3, 3, 2] give [1, 8, 8, 2]"
    );
    let pool = Pool2dAttributes { window: [2, 2], stride: [2, 2], padding: [[0, 0], [2, 0]] };
    assert_eq!(
        text(&[ty(F, &[8, 28, 28, 3])], |g, x| ops::max_pool2d(g, x[0], pool)),
        "max_pool2d: padding [2, 0] with a window of 2: expected less than the window"
    );
    let pool = Pool2dAttributes { padding: [[0, 0], [0, 0]], ..pool };
    assert_eq!(
        text(&[ty(F, &[8, 0, 28, 3])], |g, x| ops::max_pool2d(g, x[0], pool)),
        "max_pool2d: axis 1 of [8, 0, 28, 3] is empty: a window has nothing to cover"
    );
}

#[test]
fn integers() {
    assert_eq!(
        text(&[ty(F, &[3]), ty(F, &[3])], |g, x| ops::bitwise_and(g, x[0], x[1])),
        "bitwise_and: expected int32, int64 or uint8, given float32[3] (cast it first, for example with .cast(DType::I32))"
    );
    assert_eq!(
        text(&[ty(DType::Bool, &[3]), ty(DType::Bool, &[3])], |g, x| ops::bitwise_or(g, x[0], x[1])),
        "bitwise_or: expected int32, int64 or uint8, given bool[3] (for truth values there are logical_and, logical_or, \
         logical_xor, logical_not)"
    );
}

#[test]
fn powers() {
    assert_eq!(
        text(&[ty(DType::I32, &[2])], |g, x| ops::integer_power(g, x[0], -1)),
        "integer_power: exponent -1 of int32[2]: integers have no negative powers (cast first, for example with .cast(DType::F32))"
    );
    assert_eq!(
        text(&[ty(F, &[2])], |g, x| ops::integer_power(g, x[0], i64::MIN)),
        "integer_power: exponent -9223372036854775808 is out of range: expected -1024 to 1024"
    );
}

#[test]
fn settings_that_no_function_gives() {
    let given = |numbers: &[i64], x: &[TensorType], primitive: &'static dyn crisol_ir::Primitive| {
        error(x, |g, x| g.apply(primitive, Attributes::new(numbers.iter().copied()), x)).to_string()
    };
    assert_eq!(given(&[1], &[ty(F, &[2]); 2], &ops::ADD), "add: expected 0 settings, given 1: [1]");
    assert_eq!(given(&[], &[ty(F, &[2]); 3], &ops::ADD), "add: expected 2 inputs, given 3");
    assert_eq!(given(&[99], &[ty(F, &[2])], &ops::CAST), "cast: 99 is the code of no element type");
    assert_eq!(
        given(&[1, 0], &[ty(F, &[2, 2])], &ops::SUM),
        "sum: axes [1, 0] of [2, 2]: expected at least one axis, in order, each once"
    );
    assert_eq!(given(&[0, 2], &[ty(F, &[2, 2]); 2], &ops::MATMUL), "matmul: transpose_rhs is 2, expected 0 or 1");
    assert_eq!(given(&[3, -1], &[ty(F, &[3])], &ops::RESHAPE), "reshape: the size of axis 1 is -1, expected 0 or more");
    assert_eq!(
        given(&[], &[ty(F, &[2]), ty(F, &[3])], &ops::ADD),
        "add: expected inputs of one shape, given [2] and [3] (broadcast them first)"
    );
}

#[test]
fn arguments_of_the_evaluator() {
    let mut graph = Graph::new();
    let x = graph.input(ty(F, &[2]));
    let y = ops::exp(&mut graph, x).unwrap();
    let missing = ops::eager::evaluate(&graph, &[y], &[]).unwrap_err();
    assert_eq!(missing.to_string(), "argument 0 (float32[2]) is missing: 0 given");
    let wrong = ops::eager::evaluate(&graph, &[y], &[Value::zeros(DType::F64, &Shape::SCALAR)]).unwrap_err();
    assert_eq!(wrong.to_string(), "argument 0 is float64[], expected float32[2]");
}
