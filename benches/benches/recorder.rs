//! What recording costs: a node that is expected, a node that is new, a flush, and the bookkeeping of a whole training step, by
//! models so small that their arithmetic takes no time.
#![allow(missing_docs, clippy::unwrap_used)] // criterion's macros make undocumented items; a benchmark may stop

use crisol::prelude::*;
use crisol::{evaluate, set_cursor};
use crisol_benches::batches;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;

/// Operations of a chain; each is one node.
const CHAIN: usize = 1000;

fn chain(x: &Tensor) -> Tensor {
    let mut y = x.clone();
    for number in 0..CHAIN {
        y = match number % 4 {
            0 => y.tanh(),
            1 => &y + x,
            2 => y.relu(),
            _ => &y * x,
        };
    }
    y
}

fn recording(criterion: &mut Criterion) {
    let x = Tensor::from_slice(&[0.25f32; 8], [8]);
    let mut group = criterion.benchmark_group("record");
    group.throughput(Throughput::Elements(CHAIN as u64));
    for (name, cursor) in [("a chain that is expected", true), ("a chain that is new", false)] {
        set_cursor(cursor);
        // The flush, outside of the measurement, has little to compute: the chain is dropped before it.
        let flush = || {
            let _one = &x + 1.0;
            evaluate().unwrap();
        };
        group.bench_function(name, |bencher| {
            bencher.iter_batched(flush, |()| drop(black_box(chain(&x))), BatchSize::PerIteration);
        });
    }
    set_cursor(true);
    group.finish();
}

/// A flush of `count` small results of one kernel each, beside what it costs to hold as many.
fn flushes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("record and flush");
    for count in [1usize, 16] {
        let x = Tensor::from_slice(&[0.25f32; 8], [8]);
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(format!("{count} sums of 8 numbers"), |bencher| {
            bencher.iter(|| {
                let held: Vec<Tensor> = (0..count).map(|_| &x + &x).collect();
                evaluate().unwrap();
                held
            });
        });
    }
    group.finish();
}

/// Steps of models with one number a layer: all of it is bookkeeping and the fixed cost of kernels.
fn steps(criterion: &mut Criterion) {
    const STEPS: usize = 50;
    let mut group = criterion.benchmark_group("step of nothing");
    group.throughput(Throughput::Elements(STEPS as u64)).sample_size(30);
    for (name, layers) in [("1-1, Adam", 1), ("1-1-1-1-1, Adam", 4)] {
        let mut x = Input::new([1]);
        let input = x.clone();
        for _ in 0..layers {
            x = Dense::new(1).activation("relu").on(&x);
        }
        let mut model = Model::new(&input, &x).unwrap();
        model.compile(Compile::new().optimizer(Adam::new(1e-3)).loss("mse")).unwrap();
        let data = batches(STEPS, 1, &[1], 2);
        model.fit(&data, Fit::epochs(1).verbose(Verbose::Silent)).unwrap();
        group.bench_function(name, |bencher| {
            bencher.iter(|| model.fit(&data, Fit::epochs(1).verbose(Verbose::Silent)).unwrap());
        });
    }
    group.finish();
}

criterion_group!(benches, recording, flushes, steps);
criterion_main!(benches);
