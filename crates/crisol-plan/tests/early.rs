//! A start returns before its values are there, in a process whose only worker is held.

use crisol_ir::{DType, Graph, Shape, TensorType};
use crisol_kernels::{Task, with_threads};
use crisol_ops as ops;
use crisol_plan::{Buffer, Planner};
use std::sync::{Arc, Barrier};
use std::thread;

#[test]
fn a_start_returns_before_its_values_are_there() -> crisol_ir::Result<()> {
    with_threads(2, || {
        let gate = Arc::new(Barrier::new(2));
        let inside = Arc::clone(&gate);
        let work = move || {
            inside.wait();
            inside.wait();
        };
        // Given away by another thread, so that this one has nothing away.
        assert!(thread::spawn(move || with_threads(2, || Task::new().start(work))).join().is_ok());
        gate.wait();

        let sizes = [128, 128];
        let mut graph = Graph::new();
        let x = graph.input(TensorType::new(DType::F32, Shape::new(&sizes)?));
        let y = ops::matmul(&mut graph, x, x)?;
        let mut planner = Planner::new();
        let prepared = planner.prepare(&graph, &[y])?;
        let ones = Buffer::from_slice(&[1.0f32; 128 * 128]);
        let started = planner.start_prepared(prepared, vec![ones.into()], || {})?;
        assert!(!started[0].is_ready());
        gate.wait();
        assert!(started[0].as_slice::<f32>()?.iter().all(|&sum| sum == 128.0));
        assert!(started[0].is_ready());
        Ok(())
    })
}
