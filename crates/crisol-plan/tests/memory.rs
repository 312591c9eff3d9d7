//! A training loop in steady state takes no memory from the system. Alone in its process, whose allocations it counts.

#![allow(clippy::unwrap_used)] // helpers of tests are tests

use crisol_ir::{DType, Graph, NodeId, Shape, TensorType};
use crisol_ops as ops;
use crisol_plan::{Argument, Buffer, Planner, buffer};
use std::sync::Arc;

/// A layer and the update of its weights, whose old value is read for the new one.
fn step() -> (Graph, Vec<NodeId>) {
    let mut graph = Graph::new();
    let ty = |sizes: &[usize]| TensorType::new(DType::F32, Shape::new(sizes).unwrap());
    let x = graph.input(ty(&[50, 12]));
    let w = graph.input(ty(&[12, 10]));
    let y = ops::matmul(&mut graph, x, w).unwrap();
    let y = ops::tanh(&mut graph, y).unwrap();
    let g = ops::matmul_transposed(&mut graph, x, y, true, false).unwrap();
    let w = ops::subtract(&mut graph, w, g).unwrap();
    let loss = ops::sum(&mut graph, y, &[0, 1]).unwrap();
    (graph, vec![loss, w])
}

#[test]
fn steps_after_the_first_use_the_memory_of_those_before() {
    let mut planner = Planner::new();
    let mut w = Arc::new(Buffer::zeros(DType::F32, 120));
    let mut allocations = 0;
    for round in 0..20 {
        // Recorded anew each time, with a batch of its own, as a training loop does.
        let (graph, outputs) = step();
        let x = Argument::from(Buffer::from_slice(&[0.5f32; 600]));
        let held = (round % 5 == 4).then(|| w.clone());
        let mut results = planner.run(&graph, &outputs, vec![x, Argument::Buffer(w)]).unwrap();
        w = results.swap_remove(1);
        drop(held);
        if round == 5 {
            allocations = buffer::statistics().allocations;
        }
    }
    assert_eq!(buffer::statistics().allocations, allocations);
    assert_eq!((planner.stats().plans_made, planner.stats().plan_hits), (1, 19));
}
