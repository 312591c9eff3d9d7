//! Every operation of the list, planned and run, against its plain definition: compiled and interpreted, on several
//! threads.

#![allow(clippy::unwrap_used)] // helpers of tests are tests

use crisol_ir::ndarray::{ArrayD, IxDyn};
use crisol_ir::{Attributes, DType, ErrorKind, Graph, NodeId, Primitive, Result, Shape, TensorType, Value, each_value};
use crisol_ops as ops;
use crisol_plan::{Argument, Buffer, Mode, Planner};
use std::sync::Arc;

/// Values a probe is content with: floats of its range, integers of theirs.
fn value(ty: TensorType, range: (f64, f64), (low, high): (i64, i64), seed: u32) -> Value {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    let mut word = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 7
    };
    let sizes = IxDyn(&ty.shape);
    match ty.dtype {
        DType::Bool => Value::Bool(ArrayD::from_shape_simple_fn(sizes, || word().is_multiple_of(2))),
        dtype if dtype.is_integer() => {
            Value::I64(ArrayD::from_shape_simple_fn(sizes, || low + i64::from(word()) % (high - low))).cast(dtype)
        }
        dtype => {
            let number = || range.0 + (range.1 - range.0) * (f64::from(word()) + 0.5) / f64::from(1 << 25);
            Value::F64(ArrayD::from_shape_simple_fn(sizes, number)).cast(dtype)
        }
    }
}

fn run(planner: &mut Planner, graph: &Graph, output: NodeId, arguments: &[Value]) -> Result<Value> {
    let arguments = arguments.iter().map(|value| Argument::Buffer(Arc::new(Buffer::from_value(value)))).collect();
    planner.run(graph, &[output], arguments)?[0].to_value(&graph.ty(output).shape)
}

fn numbers(value: &Value) -> Vec<f64> {
    match value.cast(DType::F64) {
        Value::F64(array) => array.iter().copied().collect(),
        other => panic!("{other:?}"),
    }
}

fn bits(value: &Value) -> Vec<u64> {
    match value {
        Value::F32(array) => array.iter().map(|x| u64::from(x.to_bits())).collect(),
        Value::F64(array) => array.iter().map(|x| x.to_bits()).collect(),
        other => numbers(other).into_iter().map(f64::to_bits).collect(),
    }
}

/// Runs a graph compiled and interpreted on 1, 2, 3 and 8 threads: the bits agree, and the value is near the
/// definition's. `scale` is the magnitude that the error is measured in units of.
fn check(graph: &Graph, output: NodeId, arguments: &[Value], ulps: f64, scale: f64, what: &str) {
    let expected = ops::eager::evaluate(graph, &[output], arguments).unwrap().remove(0);
    let mut first: Option<Value> = None;
    for mode in [Mode::Compiled, Mode::Interpreted] {
        let mut planner = Planner::with_mode(mode);
        for threads in [1, 2, 3, 8] {
            let found = crisol_kernels::with_threads(threads, || run(&mut planner, graph, output, arguments)).unwrap();
            let first = first.get_or_insert_with(|| found.clone());
            assert!(bits(first) == bits(&found), "{what}: {threads} threads, {mode:?}");
        }
    }
    let found = first.unwrap();
    let epsilon = if found.dtype() == DType::F32 { f64::from(f32::EPSILON) } else { f64::EPSILON };
    for (place, (found, expected)) in numbers(&found).into_iter().zip(numbers(&expected)).enumerate() {
        let same = found == expected || (found.is_nan() && expected.is_nan());
        let near = (found - expected).abs() <= ulps * epsilon * scale.max(expected.abs());
        assert!(same || near, "{what} at {place}: {found} against {expected}");
    }
}

/// The operation on arguments of the given types.
fn applied(
    primitive: &'static dyn Primitive,
    attributes: &Attributes,
    types: &[TensorType],
) -> (Graph, NodeId, Vec<Value>) {
    let probe = primitive.probe();
    let mut graph = Graph::new();
    let inputs: Vec<NodeId> = types.iter().map(|&ty| graph.input(ty)).collect();
    let output = graph.apply(primitive, attributes.clone(), &inputs).unwrap();
    let draw = |(seed, &ty): (usize, &TensorType)| value(ty, probe.range, probe.integers, seed as u32 + 1);
    (graph, output, types.iter().enumerate().map(draw).collect())
}

#[test]
fn every_probe_of_every_operation() {
    for &primitive in ops::all() {
        let probe = primitive.probe();
        for (attributes, types) in &probe.cases {
            let (graph, output, arguments) = applied(primitive, attributes, types);
            // Sums of a few dozen terms: their error is relative to the terms.
            let scale = 32.0 * probe.range.0.abs().max(probe.range.1.abs()).max(1.0);
            let what = format!("{} {attributes:?} {types:?}", primitive.name());
            check(&graph, output, &arguments, probe.ulps, scale, &what);
        }
    }
}

fn ty(dtype: DType, sizes: &[usize]) -> TensorType {
    TensorType::new(dtype, Shape::new(sizes).unwrap())
}

#[test]
fn moving_elements_that_are_cut_into_chunks() {
    let plain = Attributes::none();
    for dtype in [DType::F32, DType::F64, DType::I64, DType::U8] {
        let types = [ty(dtype, &[3, 40, 700]), ty(dtype, &[3, 1, 700])];
        let (graph, output, arguments) = applied(&ops::CONCATENATE, &Attributes::sizes(&[1, 2]), &types);
        check(&graph, output, &arguments, 0.0, 1.0, "concatenate");
        let types = [ty(dtype, &[1, 9, 500]), ty(DType::I32, &[1, 300, 1])];
        let (graph, output, arguments) = applied(&ops::GATHER, &plain, &types);
        check(&graph, output, &arguments, 0.0, 1.0, "gather");
    }
    for dtype in [DType::F32, DType::F64, DType::I32] {
        let types = [ty(DType::I64, &[1, 3000, 1]), ty(dtype, &[1, 3000, 50])];
        let (graph, output, arguments) = applied(&ops::SCATTER_ADD, &Attributes::sizes(&[70]), &types);
        check(&graph, output, &arguments, 64.0, 64.0, "scatter_add");
    }
}

#[test]
fn reductions_sums_and_orders_that_are_cut_into_chunks() {
    for dtype in [DType::F32, DType::F64, DType::I32, DType::I64] {
        for (sizes, axis) in [(&[40_000, 3][..], 0), (&[3, 40_000], 1), (&[60, 1100], 1)] {
            let types = [ty(dtype, sizes)];
            for (primitive, numbers) in [
                (&ops::MIN as &dyn Primitive, vec![axis]),
                (&ops::CUMSUM, vec![axis, 1]),
                (&ops::ARGSORT, vec![axis, 1, 100.min(sizes[axis])]),
            ] {
                let (graph, output, arguments) = applied(primitive, &Attributes::sizes(&numbers), &types);
                check(&graph, output, &arguments, 0.0, 1.0, primitive.name());
            }
        }
    }
    // Products of many numbers near 1.
    for dtype in [DType::F32, DType::F64] {
        for sizes in [&[40_000, 3][..], &[3, 40_000], &[60, 1100]] {
            for axis in [0, 1] {
                let mut graph = Graph::new();
                let x = graph.input(ty(dtype, sizes));
                let y = ops::product(&mut graph, x, &[axis]).unwrap();
                let x = value(ty(dtype, sizes), (0.9995, 1.0005), (0, 1), 3);
                check(&graph, y, &[x], 1000.0, 1.0, "product");
            }
        }
    }
}

type Build = fn(&mut Graph, &[NodeId]) -> Result<NodeId>;

#[test]
fn programs_of_several_operations() {
    let same = ops::Pool2dAttributes { window: [3, 2], stride: [2, 2], padding: [[1, 1], [0, 1]] };
    let programs: [(&str, Vec<&[usize]>, f64, Build); 14] = [
        ("matmul", vec![&[3, 1, 20, 30], &[5, 30, 10]], 60.0, |g, x| ops::matmul(g, x[0], x[1])),
        ("einsum", vec![&[4, 30, 8], &[8, 6, 5]], 30.0, |g, x| ops::einsum(g, "btd,dhk->bhtk", x)),
        ("einsum of a turned operand", vec![&[30, 40], &[20, 30]], 60.0, |g, x| ops::einsum(g, "ji,kj->ik", x)),
        ("attention", vec![&[2, 3, 17, 8], &[2, 3, 19, 8]], 30.0, |g, x| ops::einsum(g, "bhtd,bhsd->bhts", x)),
        ("resize", vec![&[2, 30, 40, 3]], 30.0, |g, x| {
            ops::resize(g, x[0], [50, 16], ops::Interpolation::Bilinear, true)
        }),
        ("nearest", vec![&[2, 30, 40, 3]], 0.0, |g, x| {
            ops::resize(g, x[0], [50, 16], ops::Interpolation::Nearest, false)
        }),
        ("conv1d", vec![&[3, 50, 8], &[5, 4, 6]], 60.0, |g, x| ops::conv1d(g, x[0], x[1], 2, 1, [4, 0], 2)),
        ("conv1d_transpose", vec![&[3, 20, 8], &[4, 5, 8]], 60.0, |g, x| {
            ops::conv1d_transpose(g, x[0], x[1], 3, 1, ops::Padding::Same, None)
        }),
        ("depthwise", vec![&[2, 20, 20, 16], &[3, 3, 1, 32]], 60.0, |g, x| {
            let how = ops::Conv2dAttributes { groups: 16, padding: [[1, 1], [1, 1]], ..Default::default() };
            ops::conv2d(g, x[0], x[1], how)
        }),
        ("sort", vec![&[70, 60]], 0.0, |g, x| ops::sort(g, x[0], 0, false)),
        ("top_k", vec![&[70, 60]], 0.0, |g, x| Ok(ops::top_k(g, x[0], 7)?[0])),
        ("argmin", vec![&[70, 60]], 0.0, |g, x| ops::argmin(g, x[0], 0)),
        ("tril", vec![&[3, 70, 60]], 0.0, |g, x| ops::tril(g, x[0], 2)),
        ("logsumexp", vec![&[70, 60]], 60.0, |g, x| ops::logsumexp(g, x[0], &[1])),
    ];
    for dtype in [DType::F32, DType::F64] {
        for (name, shapes, ulps, build) in &programs {
            let mut graph = Graph::new();
            let types: Vec<TensorType> = shapes.iter().map(|sizes| ty(dtype, sizes)).collect();
            let inputs: Vec<NodeId> = types.iter().map(|&ty| graph.input(ty)).collect();
            let draw = |(seed, &ty): (usize, &TensorType)| value(ty, (-1.0, 1.0), (0, 1), seed as u32 + 5);
            let arguments: Vec<Value> = types.iter().enumerate().map(draw).collect();
            let output = build(&mut graph, &inputs).unwrap();
            check(&graph, output, &arguments, *ulps, 1.0, name);
        }
        let mut graph = Graph::new();
        let x = graph.input(ty(dtype, &[2, 31, 20, 40]));
        let pooled = ops::average_pool2d(&mut graph, x, same).unwrap();
        let arguments = [value(ty(dtype, &[2, 31, 20, 40]), (-1.0, 1.0), (0, 1), 9)];
        check(&graph, pooled, &arguments, 20.0, 1.0, "average_pool2d");
    }
}

#[test]
fn views_that_walk_backwards_are_read_by_everything() {
    let mut graph = Graph::new();
    let x = graph.input(ty(DType::F32, &[40, 50]));
    let y = graph.input(ty(DType::F32, &[50, 40]));
    let value = |seed| value(ty(DType::F32, &[40, 50]), (-1.0, 1.0), (0, 1), seed);
    let arguments = [
        value(1),
        Value::F32(value(2).array::<f32>().unwrap().clone().into_shape_with_order(IxDyn(&[50, 40])).unwrap()),
    ];
    let flipped = ops::flip(&mut graph, x, &[0, 1]).unwrap();
    let map = ops::add(&mut graph, flipped, x).unwrap();
    let columns = ops::sum(&mut graph, flipped, &[1]).unwrap();
    let rows = ops::max(&mut graph, flipped, &[0]).unwrap();
    let product = ops::matmul(&mut graph, flipped, y).unwrap();
    let part = ops::slice(&mut graph, flipped, &[1, 2], &[20, 15], &[2, 3]).unwrap();
    let merged = ops::reshape(&mut graph, flipped, Shape::new(&[2000]).unwrap()).unwrap();
    let padded = ops::pad(&mut graph, flipped, &[1, 0], &[0, 2]).unwrap();
    let joined = ops::concatenate(&mut graph, &[flipped, x], 0).unwrap();
    let again = ops::flip(&mut graph, part, &[0]).unwrap();
    for output in [flipped, map, columns, rows, product, part, merged, padded, joined, again] {
        check(&graph, output, &arguments, 50.0, 1.0, &format!("%{}", output.0));
    }
}

#[test]
fn an_index_out_of_range_is_an_error_that_names_it() {
    let mut graph = Graph::new();
    let x = graph.input(ty(DType::F32, &[10, 4]));
    let indices = graph.input(ty(DType::I32, &[2, 3]));
    let taken = ops::take(&mut graph, x, indices, 0).unwrap();
    let rows = value(ty(DType::F32, &[10, 4]), (-1.0, 1.0), (0, 1), 1);
    let wrong = Value::I32(crisol_ir::ndarray::array![[0, -10, 9], [1, 12, -11]].into_dyn());
    let arguments = [rows.clone(), wrong];
    let expected = ops::eager::evaluate(&graph, &[taken], &arguments).unwrap_err();
    let found = run(&mut Planner::new(), &graph, taken, &arguments).unwrap_err();
    assert_eq!(found.to_string(), expected.to_string());
    assert_eq!(found.kind(), ErrorKind::Value);
    assert_eq!(
        found.to_string(),
        "gather: index 12 at place 4 of the indices is out of range for an axis of 10 (expected -10 to 9)"
    );
    let right = Value::I32(crisol_ir::ndarray::array![[0, -10, 9], [1, 2, -1]].into_dyn());
    let taken = run(&mut Planner::new(), &graph, taken, &[rows.clone(), right]).unwrap();
    each_value!(taken, array => assert_eq!(array.shape(), [2, 3, 4]));
}
