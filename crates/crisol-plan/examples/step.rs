//! A training step of a small classifier, recorded by hand: its plan, and what planning and running it take.
//!
//! `cargo run --release --example step [-- quiet]`

use crisol_ir::value::Constant;
use crisol_ir::{DType, Graph, NodeId, Operation, Result, Shape, TensorType};
use crisol_ops as ops;
use crisol_plan::{Argument, Buffer, Planner};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

const SIZES: [usize; 4] = [784, 64, 64, 10];

/// The step: arguments are images, labels (one of ten as 1), the rate, then weights, biases and the squares' averages.
fn record(graph: &mut Graph, batch: usize) -> Result<Vec<NodeId>> {
    let f32 = |sizes: &[usize]| Ok::<_, crisol_ir::Error>(TensorType::new(DType::F32, Shape::new(sizes)?));
    let images = graph.input(f32(&[batch, SIZES[0]])?);
    let labels = graph.input(f32(&[batch, SIZES[3]])?);
    let rate = graph.input(f32(&[])?);
    let mut weights = Vec::new();
    for pair in SIZES.windows(2) {
        weights.push(graph.input(f32(pair)?));
        weights.push(graph.input(f32(&pair[1..])?));
    }
    let averages: Vec<NodeId> = weights.iter().map(|&weight| graph.input(graph.ty(weight))).collect();

    let mut x = images;
    for layer in 0..3 {
        x = ops::matmul(graph, x, weights[2 * layer])?;
        x = ops::add(graph, x, weights[2 * layer + 1])?;
        if layer < 2 {
            x = ops::relu(graph, x)?;
        }
    }
    // Cross-entropy of the softmax, from logits.
    let keep = Shape::new(&[batch, 1])?;
    let most = ops::max(graph, x, &[1])?;
    let most = ops::reshape(graph, most, keep)?;
    let most = ops::stop_gradient(graph, most)?;
    let shifted = ops::subtract(graph, x, most)?;
    let exps = ops::exp(graph, shifted)?;
    let total = ops::sum(graph, exps, &[1])?;
    let total = ops::log(graph, total)?;
    let total = ops::reshape(graph, total, keep)?;
    let logs = ops::subtract(graph, shifted, total)?;
    let chosen = ops::multiply(graph, logs, labels)?;
    let loss = ops::sum(graph, chosen, &[0, 1])?;
    let scale = graph.constant(Constant::new(DType::F32, -1.0 / batch as f64));
    let loss = ops::multiply(graph, loss, scale)?;

    let gradients = backward(graph, loss, &weights)?;
    let mut outputs = vec![loss];
    let [rho, rest, epsilon] = [0.9, 0.1, 1e-7].map(|number| graph.constant(Constant::new(DType::F32, number)));
    for ((&weight, &average), &gradient) in weights.iter().zip(&averages).zip(&gradients) {
        let square = ops::multiply(graph, gradient, gradient)?;
        let fresh = ops::multiply(graph, rest, square)?;
        let old = ops::multiply(graph, rho, average)?;
        let average = ops::add(graph, old, fresh)?;
        let root = ops::sqrt(graph, average)?;
        let root = ops::add(graph, root, epsilon)?;
        let step = ops::divide(graph, gradient, root)?;
        let step = ops::multiply(graph, rate, step)?;
        outputs.push(ops::subtract(graph, weight, step)?);
        outputs.push(average);
    }
    Ok(outputs)
}

/// Gradients of `of` with respect to `to`, by the primitives' rules, last node first.
fn backward(graph: &mut Graph, of: NodeId, to: &[NodeId]) -> Result<Vec<NodeId>> {
    let mut gradients: HashMap<NodeId, NodeId> = HashMap::new();
    gradients.insert(of, graph.constant(Constant::new(DType::F32, 1.0)));
    for index in (0..=of.0).rev() {
        let id = NodeId(index);
        let (Some(&gradient), Operation::Primitive(primitive, _)) = (gradients.get(&id), &graph.node(id).operation)
        else {
            continue;
        };
        let primitive = *primitive;
        let inputs = graph.node(id).inputs.clone();
        for (input, own) in inputs.into_iter().zip(primitive.gradient(graph, id, gradient)?) {
            let Some(own) = own else { continue };
            let sum = match gradients.get(&input) {
                Some(&known) => ops::add(graph, known, own)?,
                None => own,
            };
            gradients.insert(input, sum);
        }
    }
    Ok(to.iter().filter_map(|weight| gradients.get(weight).copied()).collect())
}

fn main() -> Result<()> {
    let batch = 64;
    let mut graph = Graph::new();
    let outputs = record(&mut graph, batch)?;
    let mut planner = Planner::new();
    let text = planner.explain(&graph, &outputs)?;
    if std::env::args().nth(1).is_none() {
        println!("{text}");
    }
    println!("{} nodes: {:?}", graph.len(), planner.stats());

    // Further planners find every kernel: what planning itself takes.
    let mut planning = std::time::Duration::MAX;
    for _ in 0..50 {
        let mut again = Planner::new();
        again.explain(&graph, &outputs)?;
        planning = planning.min(again.stats().planning);
    }
    println!("planning alone: {planning:?}, {:.2} us a node", planning.as_secs_f64() * 1e6 / graph.len() as f64);

    let random = |count: usize, seed: u32| {
        let mut state = seed;
        let numbers: Vec<f32> = (0..count)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 8) as f32 / (1 << 24) as f32 * 0.2 - 0.1
            })
            .collect();
        Arc::new(Buffer::from_slice(&numbers))
    };
    let images = random(batch * SIZES[0], 1);
    let mut labels = vec![0.0f32; batch * SIZES[3]];
    (0..batch).for_each(|row| labels[row * SIZES[3] + row % SIZES[3]] = 1.0);
    let labels = Arc::new(Buffer::from_slice(&labels));
    let mut state: Vec<Arc<Buffer>> = Vec::new();
    for pair in SIZES.windows(2) {
        state.push(random(pair[0] * pair[1], 2));
        state.push(Arc::new(Buffer::zeros(DType::F32, pair[1])));
    }
    for slot in 0..state.len() {
        state.push(Arc::new(Buffer::zeros(DType::F32, state[slot].len())));
    }
    let mut best = f64::INFINITY;
    let mut losses = Vec::new();
    for step in 0..600 {
        let rate = Argument::Scalar(Constant::new(DType::F32, 1e-3));
        let mut arguments = vec![Argument::Buffer(images.clone()), Argument::Buffer(labels.clone()), rate];
        arguments.extend(state.drain(..).map(Argument::Buffer));
        let start = Instant::now();
        let mut results = planner.run(&graph, &outputs, arguments)?;
        best = best.min(start.elapsed().as_secs_f64());
        let loss = results.remove(0);
        if step % 100 == 0 {
            losses.push(loss.as_slice::<f32>()?[0]);
        }
        // Weights and averages alternate in the results.
        state.extend(results.iter().step_by(2).cloned());
        state.extend(results.iter().skip(1).step_by(2).cloned());
    }
    println!("losses {losses:?}, best step {:.1} us, {:?}", best * 1e6, planner.stats());
    Ok(())
}
