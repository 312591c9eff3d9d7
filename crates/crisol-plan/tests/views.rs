//! Operations that read views where they lie give the bits that they give on copies.

#![allow(clippy::unwrap_used)] // helpers of tests are tests

use crisol_ir::ndarray::{ArrayD, IxDyn};
use crisol_ir::{Graph, NodeId, Result, Shape, TensorType, Value};
use crisol_ops as ops;
use crisol_plan::{Argument, Buffer, Planner};
use std::sync::Arc;

/// Makes a view of a node.
type View = fn(&mut Graph, NodeId) -> Result<NodeId>;

fn values(sizes: &[usize], seed: u32) -> Value {
    let mut state = seed;
    let number = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(state >> 8) / f64::from(1 << 23) - 1.0
    };
    Value::F64(ArrayD::from_shape_simple_fn(IxDyn(sizes), number))
}

fn run(graph: &Graph, output: NodeId, arguments: &[&Value]) -> Value {
    let arguments = arguments.iter().map(|&value| Argument::Buffer(Arc::new(Buffer::from_value(value)))).collect();
    let found = Planner::new().run(graph, &[output], arguments).unwrap();
    found[0].to_value(&graph.ty(output).shape).unwrap()
}

fn input(graph: &mut Graph, value: &Value) -> NodeId {
    graph.input(TensorType::new(value.dtype(), value.shape().unwrap()))
}

fn bits(value: &Value) -> Vec<u64> {
    match value {
        Value::F32(array) => array.iter().map(|x| u64::from(x.to_bits())).collect(),
        Value::F64(array) => array.iter().map(|x| x.to_bits()).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn products_add_up_in_the_same_order() {
    let turn: View = |g, x| ops::permute(g, x, &[1, 0]);
    let turn_last: View = |g, x| ops::permute(g, x, &[0, 2, 1]);
    let rotate: View = |g, x| ops::permute(g, x, &[2, 0, 1]);
    let swap: View = |g, x| ops::permute(g, x, &[1, 0, 2]);
    let every_second: View = |g, x| ops::slice(g, x, &[0, 1], &[7, 20], &[2, 2]);
    let repeat: View = |g, x| ops::broadcast(g, x, Shape::new(&[4, 30, 3])?);
    let same: View = |_, x| Ok(x);
    let cases: [(&[usize], View, &[usize], View); 12] = [
        (&[30, 7], turn, &[30, 1], same),
        (&[30, 40], turn, &[30, 3], same),
        (&[30, 3], turn, &[30, 90], same),
        (&[2, 30, 3], rotate, &[30, 1], same),
        (&[5, 8, 30], swap, &[30, 2], same),
        (&[5, 30, 8], turn_last, &[30, 3], same),
        (&[2, 30], same, &[3, 30], turn),
        (&[2, 30], same, &[90, 30], turn),
        (&[14, 41], every_second, &[20, 2], same),
        (&[4, 3, 30], same, &[30, 3], repeat),
        (&[4, 5000], same, &[2, 5000], turn),
        (&[0, 90, 100], turn_last, &[90, 100], same),
    ];
    for (number, (lhs, lhs_view, rhs, rhs_view)) in cases.into_iter().enumerate() {
        for dtype in [crisol_ir::DType::F32, crisol_ir::DType::F64] {
            let (a, b) = (values(lhs, 1).cast(dtype), values(rhs, 2).cast(dtype));
            let mut graph = Graph::new();
            let (x, y) = (input(&mut graph, &a), input(&mut graph, &b));
            let (x, y) = (lhs_view(&mut graph, x).unwrap(), rhs_view(&mut graph, y).unwrap());
            let product = ops::matmul(&mut graph, x, y).unwrap();
            let views = run(&graph, product, &[&a, &b]);
            let (a, b) = (run(&graph, x, &[&a, &b]), run(&graph, y, &[&a, &b]));

            let mut graph = Graph::new();
            let (x, y) = (input(&mut graph, &a), input(&mut graph, &b));
            let product = ops::matmul(&mut graph, x, y).unwrap();
            assert_eq!(bits(&views), bits(&run(&graph, product, &[&a, &b])), "case {number} of {dtype}");
        }
    }
}
