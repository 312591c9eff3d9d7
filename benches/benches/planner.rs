//! Planning: the time a node, with every kernel compiled before, for graphs of 200 to 50,000 nodes and with up to 24,000 arguments;
//! and finding a plan that is there, which is what every step but the first does. Elements are nodes: the goal is at most 10
//! microseconds each.
#![allow(missing_docs, clippy::unwrap_used)] // criterion's macros make undocumented items; a benchmark may stop

use crisol_ir::value::Constant;
use crisol_ir::{DType, Graph, NodeId, Result, Shape, TensorType};
use crisol_ops as ops;
use crisol_plan::Planner;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

const SIZES: [usize; 4] = [200, 2_000, 20_000, 50_000];
const BATCH: usize = 32;
const UNITS: usize = 64;

/// Layers on top of one another until there are so many nodes: a product with bias, a normalisation along rows, an activation, a way
/// around, and every fourth time a sum that is an output of its own, as metrics are.
fn network(nodes: usize) -> Result<(Graph, Vec<NodeId>)> {
    let mut graph = Graph::new();
    let input = |graph: &mut Graph, sizes: &[usize]| -> Result<NodeId> {
        Ok(graph.input(TensorType::new(DType::F32, Shape::new(sizes)?)))
    };
    let mut x = input(&mut graph, &[BATCH, UNITS])?;
    let mut outputs = Vec::new();
    let kept = Shape::new(&[BATCH, 1])?;
    for layer in 0.. {
        if graph.len() >= nodes {
            break;
        }
        let (kernel, bias) = (input(&mut graph, &[UNITS, UNITS])?, input(&mut graph, &[UNITS])?);
        let before = x;
        x = ops::matmul(&mut graph, x, kernel)?;
        x = ops::add(&mut graph, x, bias)?;
        let mean = ops::mean(&mut graph, x, &[1])?;
        let mean = ops::reshape(&mut graph, mean, kept)?;
        let distance = ops::subtract(&mut graph, x, mean)?;
        let square = ops::multiply(&mut graph, distance, distance)?;
        let variance = ops::mean(&mut graph, square, &[1])?;
        let epsilon = graph.constant(Constant::new(DType::F32, 1e-3));
        let variance = ops::add(&mut graph, variance, epsilon)?;
        let deviation = ops::sqrt(&mut graph, variance)?;
        let deviation = ops::reshape(&mut graph, deviation, kept)?;
        x = ops::divide(&mut graph, distance, deviation)?;
        x = if layer % 2 == 0 { ops::relu(&mut graph, x)? } else { ops::tanh(&mut graph, x)? };
        x = ops::add(&mut graph, x, before)?;
        if layer % 4 == 3 {
            let square = ops::multiply(&mut graph, x, x)?;
            outputs.push(ops::sum(&mut graph, square, &[0, 1])?);
        }
    }
    outputs.push(x);
    Ok((graph, outputs))
}

/// One optimizer's step of many parameters, of as many sizes as layers have: each with its gradient and its momentum.
fn updates(parameters: usize) -> Result<(Graph, Vec<NodeId>)> {
    let mut graph = Graph::new();
    let rate = graph.input(TensorType::new(DType::F32, Shape::SCALAR));
    let mut outputs = Vec::new();
    for number in 0..parameters {
        let ty = TensorType::new(DType::F32, Shape::new(&[16, 1 + number % 97])?);
        let [parameter, gradient, momentum] = [(); 3].map(|()| graph.input(ty));
        let momentum = ops::add(&mut graph, momentum, gradient)?;
        let step = ops::multiply(&mut graph, momentum, rate)?;
        outputs.extend([momentum, ops::subtract(&mut graph, parameter, step)?]);
    }
    Ok((graph, outputs))
}

/// One value that meets many others, each product a result.
fn products(others: usize) -> Result<(Graph, Vec<NodeId>)> {
    let mut graph = Graph::new();
    let ty = TensorType::new(DType::F32, Shape::new(&[64])?);
    let x = graph.input(ty);
    let mut outputs = Vec::new();
    for _ in 0..others {
        let other = graph.input(ty);
        outputs.push(ops::multiply(&mut graph, x, other)?);
    }
    Ok((graph, outputs))
}

/// Many values added up two by two.
fn tree(leaves: usize) -> Result<(Graph, Vec<NodeId>)> {
    let mut graph = Graph::new();
    let ty = TensorType::new(DType::F32, Shape::new(&[64])?);
    let mut level = Vec::new();
    for _ in 0..leaves {
        let leaf = graph.input(ty);
        level.push(ops::exp(&mut graph, leaf)?);
    }
    while level.len() > 1 {
        let mut next = Vec::with_capacity(level.len().div_ceil(2));
        for pair in level.chunks(2) {
            next.push(if let &[a, b] = pair { ops::add(&mut graph, a, b)? } else { pair[0] });
        }
        level = next;
    }
    Ok((graph, level))
}

fn planning(criterion: &mut Criterion) {
    let networks = SIZES.map(|nodes| ("network", network(nodes).unwrap()));
    let wide = [
        ("updates", updates(4_000).unwrap()),
        ("updates", updates(8_000).unwrap()),
        ("products with one", products(12_000).unwrap()),
        ("products with one", products(24_000).unwrap()),
        ("tree", tree(16_000).unwrap()),
    ];
    for (name, (graph, outputs)) in networks.into_iter().chain(wide) {
        let mut group = criterion.benchmark_group(format!("planner/{name}"));
        let nodes = graph.len();
        group.throughput(Throughput::Elements(nodes as u64)).sample_size(10);
        let mut known = Planner::new();
        known.prepare(&graph, &outputs).unwrap();
        let compiled = known.stats().kernels_compiled;
        group.bench_function(BenchmarkId::new("a new plan", nodes), |bencher| {
            bencher.iter(|| {
                let mut planner = Planner::new();
                planner.prepare(&graph, &outputs).unwrap();
                assert_eq!(planner.stats().kernels_compiled, 0, "the process had all {compiled} kernels");
            });
        });
        group.bench_function(BenchmarkId::new("a plan that is there", nodes), |bencher| {
            bencher.iter(|| known.prepare(&graph, &outputs).unwrap());
        });
        group.finish();
    }
}

criterion_group!(benches, planning);
criterion_main!(benches);
