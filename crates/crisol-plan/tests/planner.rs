//! What the planner promises beyond values: in-place updates, plan and kernel counts, errors.

#![allow(clippy::unwrap_used)] // helpers of tests are tests

use crisol_ir::value::Constant;
use crisol_ir::{DType, ErrorKind, Graph, NodeId, Shape, TensorType};
use crisol_ops as ops;
use crisol_plan::{Argument, Buffer, Mode, Planner};
use std::sync::Arc;

fn ty(dtype: DType, sizes: &[usize]) -> TensorType {
    TensorType::new(dtype, Shape::new(sizes).unwrap())
}

fn numbers(count: usize) -> Vec<f32> {
    (0..count).map(|x| (x % 17) as f32 * 0.25 - 2.0).collect()
}

fn buffer_of(elements: &[f32]) -> Arc<Buffer> {
    Arc::new(Buffer::from_slice(elements))
}

fn rate(number: f64) -> Argument {
    Argument::Scalar(Constant::new(DType::F32, number))
}

/// `p - rate * g`
fn descent(sizes: &[usize]) -> (Graph, NodeId) {
    let mut graph = Graph::new();
    let p = graph.input(ty(DType::F32, sizes));
    let g = graph.input(ty(DType::F32, sizes));
    let rate = graph.input(ty(DType::F32, &[]));
    let step = ops::multiply(&mut graph, rate, g).unwrap();
    let new = ops::subtract(&mut graph, p, step).unwrap();
    (graph, new)
}

#[test]
fn updates_overwrite_what_nobody_else_holds() {
    for mode in [Mode::Compiled, Mode::Interpreted] {
        let (graph, new) = descent(&[300, 7]);
        let mut planner = Planner::with_mode(mode);
        let (p, g) = (buffer_of(&numbers(2100)), buffer_of(&numbers(2100)));
        let place = p.as_slice::<f32>().unwrap().as_ptr();
        let moved = vec![Argument::Buffer(p), Argument::Buffer(g.clone()), rate(0.5)];
        let first = planner.run(&graph, &[new], moved).unwrap().remove(0);
        assert_eq!(first.as_slice::<f32>().unwrap().as_ptr(), place);
        let expected: Vec<f32> = numbers(2100).iter().map(|x| x - 0.5 * x).collect();
        assert_eq!(first.as_slice::<f32>().unwrap(), expected);

        // A handle kept elsewhere costs a copy, neither its value nor a plan.
        let held = first.clone();
        let arguments = vec![Argument::Buffer(first), Argument::Buffer(g), rate(0.25)];
        let second = planner.run(&graph, &[new], arguments).unwrap().remove(0);
        assert_ne!(second.as_slice::<f32>().unwrap().as_ptr(), place);
        assert_eq!(held.as_slice::<f32>().unwrap(), expected);
        assert_eq!(planner.stats().plans_made, 1);
    }
}

#[test]
fn an_argument_that_is_read_later_or_elsewhere_is_not_overwritten() {
    let mut graph = Graph::new();
    let p = graph.input(ty(DType::F32, &[8, 8]));
    let turned = ops::permute(&mut graph, p, &[1, 0]).unwrap();
    let new = ops::add(&mut graph, p, turned).unwrap();
    let mut planner = Planner::new();
    let elements = numbers(64);
    let sum = planner.run(&graph, &[new], vec![Argument::Buffer(buffer_of(&elements))]).unwrap().remove(0);
    let expected: Vec<f32> = (0..64).map(|i| elements[i] + elements[i % 8 * 8 + i / 8]).collect();
    assert_eq!(sum.as_slice::<f32>().unwrap(), expected);

    // The updated value is read by a product that needs the old one as well.
    let mut graph = Graph::new();
    let p = graph.input(ty(DType::F32, &[4, 4]));
    let new = ops::negate(&mut graph, p).unwrap();
    let product = ops::matmul(&mut graph, new, p).unwrap();
    let elements = numbers(16);
    let results = planner.run(&graph, &[new, product], vec![Argument::Buffer(buffer_of(&elements))]).unwrap();
    let expected = |i: usize, j: usize| (0..4).map(|k| -elements[i * 4 + k] * elements[k * 4 + j]).sum::<f32>();
    let expected: Vec<f32> = (0..16).map(|at| expected(at / 4, at % 4)).collect();
    assert_eq!(results[1].as_slice::<f32>().unwrap(), expected);
}

#[test]
fn an_update_waits_for_the_other_readers_of_what_it_overwrites() {
    // The weights' gradient is known before the product with the old weights is taken.
    let mut graph = Graph::new();
    let w = graph.input(ty(DType::F32, &[4, 4]));
    let g = graph.input(ty(DType::F32, &[4, 4]));
    let new = ops::subtract(&mut graph, w, g).unwrap();
    let inner = ops::tanh(&mut graph, g).unwrap();
    let inner = ops::matmul(&mut graph, inner, g).unwrap();
    let product = ops::matmul(&mut graph, inner, w).unwrap();
    let mut planner = Planner::new();
    let w = buffer_of(&numbers(16));
    let place = w.as_slice::<f32>().unwrap().as_ptr();
    let held = w.as_ref().clone();
    let g = buffer_of(&numbers(16));
    let arguments = vec![Argument::Buffer(w), Argument::Buffer(g.clone())];
    let in_place = planner.run(&graph, &[new, product], arguments).unwrap();
    assert_eq!(in_place[0].as_slice::<f32>().unwrap().as_ptr(), place);
    let w = Arc::new(held);
    let arguments = vec![Argument::Buffer(w.clone()), Argument::Buffer(g)];
    let apart = planner.run(&graph, &[new, product], arguments).unwrap();
    for (a, b) in in_place.iter().zip(&apart) {
        assert_eq!(a.as_slice::<f32>().unwrap(), b.as_slice::<f32>().unwrap());
    }
}

/// A dense layer with its bias, activation and sums.
fn dense(batch: usize) -> (Graph, Vec<NodeId>) {
    let mut graph = Graph::new();
    let x = graph.input(ty(DType::F32, &[batch, 12]));
    let w = graph.input(ty(DType::F32, &[12, 10]));
    let b = graph.input(ty(DType::F32, &[10]));
    let y = ops::matmul(&mut graph, x, w).unwrap();
    let y = ops::add(&mut graph, y, b).unwrap();
    let y = ops::sigmoid(&mut graph, y).unwrap();
    let rows = ops::sum(&mut graph, y, &[1]).unwrap();
    let columns = ops::sum(&mut graph, y, &[0]).unwrap();
    (graph, vec![y, rows, columns])
}

fn dense_arguments(batch: usize) -> Vec<Argument> {
    [batch * 12, 120, 10].map(|count| Argument::Buffer(buffer_of(&numbers(count)))).to_vec()
}

#[test]
fn a_new_batch_size_makes_a_plan_and_compiles_nothing() {
    let mut planner = Planner::new();
    let (graph, outputs) = dense(32);
    planner.run(&graph, &outputs, dense_arguments(32)).unwrap();
    let before = planner.stats();
    for batch in [7, 20, 64] {
        let (graph, outputs) = dense(batch);
        planner.run(&graph, &outputs, dense_arguments(batch)).unwrap();
    }
    let after = planner.stats();
    assert_eq!(after.plans_made, before.plans_made + 3);
    assert_eq!(after.kernels_compiled, before.kernels_compiled);
    assert!(after.kernel_hits > before.kernel_hits);
}

#[test]
fn the_count_of_a_mean_is_no_part_of_a_kernel() {
    let mut planner = Planner::new();
    let mut mean_of = |batch: usize| {
        let mut graph = Graph::new();
        let x = graph.input(TensorType::new(DType::F32, Shape::new(&[batch, 5]).unwrap()));
        let mean = crisol_ops::mean(&mut graph, x, &[0]).unwrap();
        let x = Buffer::from_slice(&vec![3.0f32; batch * 5]);
        let result = planner.run(&graph, &[mean], vec![x.into()]).unwrap();
        assert_eq!(result[0].as_slice::<f32>().unwrap(), [3.0; 5]);
        planner.stats().kernels_compiled
    };
    let first = mean_of(32);
    assert_eq!(mean_of(7), first);
    assert_eq!(mean_of(20), first);
}

#[test]
fn a_layer_is_one_region() {
    // A product, and two kernels: sums over other axes than the first go into one of their own.
    let (graph, outputs) = dense(32);
    let text = Planner::new().explain(&graph, &outputs).unwrap();
    assert!(text.starts_with("plan: 3 steps in 1 waves; 3 results of 1448 bytes"), "{text}");
    assert!(text.contains("region over 32 rows in 2 blocks of 16"), "{text}");
    assert!(text.contains("reduce-columns sum") && text.contains("reduce-rows sum"), "{text}");
}

#[test]
fn plans_are_bounded() {
    let mut planner = Planner::with_mode(Mode::Interpreted);
    for size in 1..300 {
        let (graph, new) = descent(&[size]);
        let g = buffer_of(&numbers(size));
        let arguments = vec![Argument::Buffer(g.clone()), Argument::Buffer(g), rate(1.0)];
        planner.run(&graph, &[new], arguments).unwrap();
    }
    assert_eq!(planner.stats().plans_made, 299);
    // The latest is there, the first is not.
    for (size, made) in [(299, 299), (1, 300)] {
        let (graph, new) = descent(&[size]);
        planner.explain(&graph, &[new]).unwrap();
        assert_eq!(planner.stats().plans_made, made);
    }
}

#[test]
fn outputs_may_be_inputs_constants_views_and_repeated() {
    let mut graph = Graph::new();
    let x = graph.input(ty(DType::F32, &[2, 3]));
    let number = graph.input(ty(DType::I32, &[]));
    let unused = graph.input(ty(DType::F64, &[9]));
    let constant = graph.constant(Constant::new(DType::F32, 3.5));
    let wide = ops::broadcast(&mut graph, constant, Shape::new(&[4]).unwrap()).unwrap();
    let flat = ops::reshape(&mut graph, x, Shape::new(&[6]).unwrap()).unwrap();
    let turned = ops::permute(&mut graph, x, &[1, 0]).unwrap();
    let _ = unused;
    let argument = buffer_of(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let place = argument.as_slice::<f32>().unwrap().as_ptr();
    let arguments = vec![
        Argument::Buffer(argument),
        Argument::Scalar(Constant::new(DType::I32, -7.0)),
        Argument::Buffer(Arc::new(Buffer::zeros(DType::F64, 9))),
    ];
    let outputs = [x, flat, turned, turned, number, constant, wide];
    let results = Planner::new().run(&graph, &outputs, arguments).unwrap();
    assert_eq!(results[0].as_slice::<f32>().unwrap().as_ptr(), place);
    assert_eq!(results[1].as_slice::<f32>().unwrap().as_ptr(), place);
    assert_eq!(results[2].as_slice::<f32>().unwrap(), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    assert!(Arc::ptr_eq(&results[2], &results[3]));
    assert_eq!(results[4].as_slice::<i32>().unwrap(), [-7]);
    assert_eq!(results[5].as_slice::<f32>().unwrap(), [3.5]);
    assert_eq!(results[6].as_slice::<f32>().unwrap(), [3.5; 4]);
}

#[test]
fn wrong_arguments_are_errors() {
    let (graph, new) = descent(&[4]);
    let mut planner = Planner::new();
    let good = || Argument::Buffer(buffer_of(&numbers(4)));
    let mut kind =
        |outputs: &[NodeId], arguments: Vec<Argument>| planner.run(&graph, outputs, arguments).unwrap_err().kind();
    assert_eq!(kind(&[new], vec![good(), good()]), ErrorKind::Value);
    assert_eq!(kind(&[NodeId(99)], vec![good(), good(), rate(1.0)]), ErrorKind::Value);
    assert_eq!(kind(&[new], vec![good(), Argument::Buffer(buffer_of(&numbers(5))), rate(1.0)]), ErrorKind::Shape);
    assert_eq!(kind(&[new], vec![good(), rate(1.0), rate(1.0)]), ErrorKind::Shape);
    let wrong = Argument::Buffer(Arc::new(Buffer::zeros(DType::I32, 4)));
    assert_eq!(kind(&[new], vec![good(), wrong, rate(1.0)]), ErrorKind::DType);
    let wrong = Argument::Scalar(Constant::new(DType::F64, 1.0));
    assert_eq!(kind(&[new], vec![good(), good(), wrong]), ErrorKind::DType);
}

#[test]
fn subnormal_numbers_count_as_zero_in_both_modes() {
    let mut graph = Graph::new();
    let x = graph.input(ty(DType::F32, &[20]));
    let y = ops::multiply(&mut graph, x, x).unwrap();
    for mode in [Mode::Compiled, Mode::Interpreted] {
        let x = Argument::Buffer(buffer_of(&[1e-20; 20]));
        let y = Planner::with_mode(mode).run(&graph, &[y], vec![x]).unwrap().remove(0);
        assert_eq!(y.as_slice::<f32>().unwrap(), [if cfg!(target_arch = "x86_64") { 0.0 } else { 1e-40 }; 20]);
    }
}

#[test]
fn a_long_chain_is_planned_in_linear_time_without_deep_recursion() {
    let mut graph = Graph::new();
    let mut x = graph.input(ty(DType::F32, &[64]));
    let y = graph.input(ty(DType::F32, &[64]));
    for _ in 0..20_000 {
        x = ops::add(&mut graph, x, y).unwrap();
    }
    let mut planner = Planner::with_mode(Mode::Interpreted);
    let zeros = || Argument::Buffer(Arc::new(Buffer::zeros(DType::F32, 64)));
    let one = Argument::Buffer(buffer_of(&[1.0; 64]));
    let result = planner.run(&graph, &[x], vec![zeros(), one]).unwrap().remove(0);
    assert_eq!(result.as_slice::<f32>().unwrap(), [20_000.0; 64]);
}

#[test]
fn long_reductions_lose_nothing_on_any_number_of_threads() {
    // Small whole numbers: every partial sum is exact, whatever its order.
    let cases: [(&[usize], &[isize]); 6] = [
        (&[300_000], &[0]),
        (&[3, 100_000], &[1]),
        (&[100_000, 3], &[0]),
        (&[40, 3, 5000], &[0, 2]),
        (&[20, 9000, 3], &[1]),
        (&[2, 200_000], &[0]),
    ];
    for (sizes, axes) in cases {
        let count: usize = sizes.iter().product();
        let elements: Vec<f32> = (0..count).map(|at| (at * 7 % 13) as f32).collect();
        let mut graph = Graph::new();
        let x = graph.input(ty(DType::F32, sizes));
        let outputs = [ops::sum(&mut graph, x, axes).unwrap(), ops::max(&mut graph, x, axes).unwrap()];
        let x = buffer_of(&elements);
        let value = x.to_value(&Shape::new(sizes).unwrap()).unwrap();
        let plain = ops::eager::evaluate(&graph, &outputs, &[value]).unwrap();
        let mut planner = Planner::new();
        for round in 0..40 {
            let arguments = vec![Argument::Buffer(x.clone())];
            let run = || planner.run(&graph, &outputs, arguments).unwrap();
            let results = crisol_kernels::with_threads([1, 2, 3, 8][round % 4], run);
            for ((plain, result), output) in plain.iter().zip(&results).zip(outputs) {
                assert_eq!(&result.to_value(&graph.ty(output).shape).unwrap(), plain, "{sizes:?}");
            }
        }
    }
}
