//! Runs that go on by themselves: the same values, updates in place, and nobody reads before they are there.

#![allow(clippy::unwrap_used)] // helpers of tests are tests

use crisol_ir::value::Constant;
use crisol_ir::{DType, Graph, NodeId, Shape, TensorType};
use crisol_kernels::with_threads;
use crisol_ops as ops;
use crisol_plan::{Argument, Buffer, Planner};
use std::sync::Arc;

const SIDE: usize = 160;

fn ty(sizes: &[usize]) -> TensorType {
    TensorType::new(DType::F32, Shape::new(sizes).unwrap())
}

fn numbers(seed: usize, count: usize) -> Vec<f32> {
    (0..count).map(|x| ((x * 31 + seed * 7) % 101) as f32 * 0.02 - 1.0).collect()
}

fn argument(seed: usize) -> Argument {
    Buffer::from_slice(&numbers(seed, SIDE * SIDE)).into()
}

/// `tanh(p x)`, and `p - rate * p x` as an update of `p`: long enough that it is not over when its start returns.
fn step() -> (Graph, Vec<NodeId>) {
    let mut graph = Graph::new();
    let p = graph.input(ty(&[SIDE, SIDE]));
    let x = graph.input(ty(&[SIDE, SIDE]));
    let rate = graph.input(ty(&[]));
    let product = ops::matmul(&mut graph, p, x).unwrap();
    let output = ops::tanh(&mut graph, product).unwrap();
    let scaled = ops::multiply(&mut graph, rate, product).unwrap();
    let new = ops::subtract(&mut graph, p, scaled).unwrap();
    (graph, vec![output, new])
}

/// Many steps, one after the other, each started or run; the last output and the last `p`.
fn steps(count: usize, starts: bool) -> [Arc<Buffer>; 2] {
    let (graph, outputs) = step();
    let mut planner = Planner::new();
    let prepared = planner.prepare(&graph, &outputs).unwrap();
    let Argument::Buffer(mut p) = argument(1) else { unreachable!() };
    let mut last = None;
    let place = p.as_slice::<f32>().unwrap().as_ptr();
    for step in 0..count {
        let rate = Argument::Scalar(Constant::new(DType::F32, 1e-3));
        let arguments = vec![Argument::Buffer(p), argument(step), rate];
        let mut results = match starts {
            true => planner.start_prepared(prepared, arguments, || {}).unwrap(),
            false => planner.run_prepared(prepared, arguments, || {}).unwrap(),
        };
        p = results.pop().unwrap();
        last = results.pop();
    }
    assert_eq!(p.as_slice::<f32>().unwrap().as_ptr(), place, "p was copied");
    [last.unwrap(), p]
}

#[test]
fn started_steps_have_the_bits_of_steps_that_are_waited_for() {
    let bits = |buffer: &Buffer| buffer.as_slice::<f32>().unwrap().iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    let expected = with_threads(1, || steps(40, false));
    for threads in [1, 2, 3, 8] {
        for starts in [true, false] {
            let found = with_threads(threads, || steps(40, starts));
            for (found, expected) in found.iter().zip(&expected) {
                assert_eq!(bits(found), bits(expected), "{threads} threads, started: {starts}");
            }
        }
    }
}

#[test]
fn values_of_another_planner_and_another_thread_are_waited_for() {
    let (graph, outputs) = step();
    with_threads(2, || {
        for round in 0..30 {
            let mut first = Planner::new();
            let prepared = first.prepare(&graph, &outputs).unwrap();
            let rate = || Argument::Scalar(Constant::new(DType::F32, 1e-3));
            let arguments = vec![argument(round), argument(2), rate()];
            let started = first.start_prepared(prepared, arguments.clone(), || {}).unwrap();
            // Its output is the next one's argument, in a planner that knows nothing of the first, which is dropped.
            let on_another = std::thread::scope(|scope| {
                let run = || {
                    let mut second = Planner::new();
                    let arguments = vec![Argument::Buffer(started[0].clone()), argument(3), rate()];
                    second.run(&graph, &outputs, arguments).unwrap()
                };
                scope.spawn(run).join().unwrap()
            });
            drop(first);
            let output = Planner::new().run(&graph, &outputs, arguments).unwrap().remove(0);
            let expected =
                Planner::new().run(&graph, &outputs, vec![Argument::Buffer(output), argument(3), rate()]).unwrap();
            for (found, expected) in on_another.iter().zip(&expected) {
                assert_eq!(found.as_slice::<f32>().unwrap(), expected.as_slice::<f32>().unwrap());
            }
        }
    });
}

#[test]
fn results_that_are_let_go_at_once_do_no_harm() {
    let (graph, outputs) = step();
    let mut planner = Planner::new();
    let prepared = planner.prepare(&graph, &outputs).unwrap();
    for round in 0..100 {
        let rate = Argument::Scalar(Constant::new(DType::F32, 1e-3));
        drop(planner.start_prepared(prepared, vec![argument(round), argument(2), rate], || {}).unwrap());
        // Storage that is handed out now must not be what the run writes to.
        let mine = Buffer::from_slice(&vec![5.0f32; SIDE * SIDE]);
        planner.wait();
        assert!(mine.as_slice::<f32>().unwrap().iter().all(|&x| x == 5.0));
    }
}

#[test]
fn what_the_run_under_way_reads_is_taken_over_by_the_next_one() {
    // The first program reads `p`, the second updates it: whether in place is not left to chance.
    let mut reads = Graph::new();
    let (p, x) = (reads.input(ty(&[SIDE, SIDE])), reads.input(ty(&[SIDE, SIDE])));
    let product = ops::matmul(&mut reads, p, x).unwrap();
    let (updates, outputs) = step();
    let mut planner = Planner::new();
    let (reads, updates) = (planner.prepare(&reads, &[product]).unwrap(), planner.prepare(&updates, &outputs).unwrap());
    with_threads(2, || {
        for round in 0..100 {
            let Argument::Buffer(p) = argument(round) else { unreachable!() };
            let place = p.as_slice::<f32>().unwrap().as_ptr();
            let product =
                planner.start_prepared(reads, vec![Argument::Buffer(p.clone()), argument(2)], || {}).unwrap().remove(0);
            let rate = Argument::Scalar(Constant::new(DType::F32, 1e-3));
            let arguments = vec![Argument::Buffer(p), Argument::Buffer(product), rate];
            let new = planner.start_prepared(updates, arguments, || {}).unwrap().remove(1);
            assert_eq!(new.as_slice::<f32>().unwrap().as_ptr(), place, "p was copied");
        }
    });
}

#[test]
fn one_run_at_most_is_queued_behind_another() {
    let (graph, outputs) = step();
    let mut planner = Planner::new();
    let prepared = planner.prepare(&graph, &outputs).unwrap();
    with_threads(2, || {
        let mut started: Vec<Arc<Buffer>> = Vec::new();
        for round in 0..60 {
            let rate = Argument::Scalar(Constant::new(DType::F32, 1e-3));
            let results = planner.start_prepared(prepared, vec![argument(round), argument(2), rate], || {}).unwrap();
            started.extend(results.into_iter().take(1));
            let late = started.iter().rev().skip(2).filter(|output| !output.is_ready()).count();
            assert_eq!(late, 0, "round {round}");
        }
    });
}

#[test]
fn who_writes_a_result_waits_until_it_is_written() {
    let (graph, outputs) = step();
    let mut planner = Planner::new();
    let prepared = planner.prepare(&graph, &outputs).unwrap();
    with_threads(2, || {
        for round in 0..100 {
            let rate = Argument::Scalar(Constant::new(DType::F32, 1e-3));
            let mut results =
                planner.start_prepared(prepared, vec![argument(round), argument(2), rate], || {}).unwrap();
            let output = Arc::get_mut(&mut results[0]).unwrap();
            output.as_mut_slice::<f32>().unwrap().fill(7.0);
            planner.wait();
            assert!(output.as_slice::<f32>().unwrap().iter().all(|&x| x == 7.0));
        }
    });
}
