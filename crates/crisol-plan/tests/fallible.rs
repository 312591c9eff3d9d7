//! Plans with operations that data can make fail: nothing is overwritten before all of them have succeeded, everything may be after.
#![allow(clippy::unwrap_used)] // helpers of tests are tests

use crisol_ir::{DType, ErrorKind, Graph, NodeId, Shape, TensorType};
use crisol_ops as ops;
use crisol_plan::{Argument, Buffer, Planner};
use std::sync::Arc;

fn ty(dtype: DType, sizes: &[usize]) -> TensorType {
    TensorType::new(dtype, Shape::new(sizes).unwrap())
}

fn numbers(count: usize) -> Vec<f32> {
    (0..count).map(|number| (number as f32 * 0.37).sin()).collect()
}

fn buffer_of(numbers: &[f32]) -> Arc<Buffer> {
    Arc::new(Buffer::from_slice(numbers))
}

fn floats(buffer: &Buffer) -> &[f32] {
    buffer.as_slice::<f32>().unwrap()
}

/// A step of an embedding `[6, 4]` and a layer `[4, 4]` on it, for the rows of the last argument; then a choice that nothing needs
/// of the layer's output, as a metric makes one: the new table, the new weights, the metric.
fn embedding() -> (Graph, Vec<NodeId>) {
    let mut graph = Graph::new();
    let g = &mut graph;
    let table = g.input(ty(DType::F32, &[6, 4]));
    let weights = g.input(ty(DType::F32, &[4, 4]));
    let rows = g.input(ty(DType::I32, &[3]));
    let best = g.input(ty(DType::I32, &[2]));
    let chosen = ops::take(g, table, rows, 0).unwrap();
    let y = ops::matmul(g, chosen, weights).unwrap();
    let y = ops::tanh(g, y).unwrap();
    let to_weights = ops::matmul_transposed(g, chosen, y, true, false).unwrap();
    let to_chosen = ops::matmul_transposed(g, y, weights, false, true).unwrap();
    let to_table = ops::segment_sum(g, to_chosen, rows, 6).unwrap();
    let new_weights = ops::subtract(g, weights, to_weights).unwrap();
    let new_table = ops::subtract(g, table, to_table).unwrap();
    let metric = ops::take(g, y, best, 0).unwrap();
    (graph, vec![new_table, new_weights, metric])
}

fn arguments(table: &Arc<Buffer>, weights: &Arc<Buffer>, rows: [i32; 3], best: [i32; 2]) -> Vec<Argument> {
    let indices = [Buffer::from_slice(&rows), Buffer::from_slice(&best)];
    let parameters = [table, weights].map(|buffer| Argument::Buffer(Arc::clone(buffer)));
    parameters.into_iter().chain(indices.map(Argument::from)).collect()
}

#[test]
fn updates_wait_for_what_may_fail_and_are_in_place_then() {
    let (graph, outputs) = embedding();
    let mut planner = Planner::new();
    let (table, weights) = (buffer_of(&numbers(24)), buffer_of(&numbers(16)));
    let expected = {
        let values = [Shape::new(&[6, 4]), Shape::new(&[4, 4])].map(Result::unwrap);
        let mut inputs = vec![table.to_value(&values[0]).unwrap(), weights.to_value(&values[1]).unwrap()];
        inputs.push(Buffer::from_slice(&[5i32, 1, 5]).to_value(&Shape::new(&[3]).unwrap()).unwrap());
        inputs.push(Buffer::from_slice(&[0i32, 2]).to_value(&Shape::new(&[2]).unwrap()).unwrap());
        ops::eager::evaluate(&graph, &outputs, &inputs).unwrap()
    };
    let places = [floats(&table).as_ptr(), floats(&weights).as_ptr()];
    let arguments = arguments(&table, &weights, [5, 1, 5], [0, 2]);
    let mut held = Some((table, weights));
    let prepared = planner.prepare(&graph, &outputs).unwrap();
    let results = planner.run_prepared(prepared, arguments, || held = None).unwrap();
    assert!(held.is_none());
    assert_eq!([floats(&results[0]).as_ptr(), floats(&results[1]).as_ptr()], places);
    for (result, expected) in results.iter().zip(&expected) {
        let expected = Buffer::from_value(expected);
        let near = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-5;
        assert!(floats(result).iter().zip(floats(&expected)).all(near), "{result:?}");
    }
}

#[test]
fn whoever_does_not_let_go_keeps_the_old_values() {
    let (graph, outputs) = embedding();
    let mut planner = Planner::new();
    let (table, weights) = (buffer_of(&numbers(24)), buffer_of(&numbers(16)));
    let results = planner.run(&graph, &outputs, arguments(&table, &weights, [5, 1, 5], [0, 2])).unwrap();
    assert_eq!((floats(&table), floats(&weights)), (&numbers(24)[..], &numbers(16)[..]));
    assert_ne!(floats(&results[0]), floats(&table));
    assert_ne!(floats(&results[1]), floats(&weights));
}

#[test]
fn a_failure_overwrites_and_commits_nothing_wherever_it_is() {
    let (graph, outputs) = embedding();
    let mut planner = Planner::new();
    let (table, weights) = (buffer_of(&numbers(24)), buffer_of(&numbers(16)));
    // In the forward pass, and in the metric behind the updates.
    for (rows, best) in [([0, 6, 1], [0, 0]), ([0, 1, 2], [0, 3]), ([-7, 1, 2], [4, 3])] {
        let prepared = planner.prepare(&graph, &outputs).unwrap();
        let mut committed = false;
        let given = arguments(&table, &weights, rows, best);
        let error = planner.run_prepared(prepared, given, || committed = true).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Value, "{error}");
        assert!(!committed);
        assert_eq!((floats(&table), floats(&weights)), (&numbers(24)[..], &numbers(16)[..]));
    }
    // And all is well with the same plan afterwards.
    planner.run(&graph, &outputs, arguments(&table, &weights, [0, 1, 2], [0, 1])).unwrap();
    assert_eq!(planner.stats().plans_made, 1);
}

#[test]
fn a_result_that_something_fallible_reads_is_no_update_in_place() {
    let mut graph = Graph::new();
    let table = graph.input(ty(DType::F32, &[6, 4]));
    let rows = graph.input(ty(DType::I32, &[3]));
    let new = ops::negate(&mut graph, table).unwrap();
    let chosen = ops::take(&mut graph, new, rows, 0).unwrap();
    let mut planner = Planner::new();
    for (rows, is_right) in [([0, 1, 5], true), ([0, 1, 6], false)] {
        let table = buffer_of(&numbers(24));
        let place = floats(&table).as_ptr();
        let given = vec![Argument::Buffer(table.clone()), Buffer::from_slice(&rows).into()];
        let mut held = Some(table);
        let prepared = planner.prepare(&graph, &[new, chosen]).unwrap();
        let results = planner.run_prepared(prepared, given, || held = None);
        match results {
            Ok(results) => assert_ne!(floats(&results[0]).as_ptr(), place),
            Err(_) => assert_eq!(floats(held.as_ref().unwrap()), numbers(24)),
        }
        assert_eq!(held.is_none(), is_right);
    }
}
