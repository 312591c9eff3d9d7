//! Fused elementwise chains beside the same loop written by hand, compiled by rustc for the same processor.
#![allow(missing_docs, clippy::unwrap_used)] // criterion's macros make undocumented items; a benchmark may stop

use crisol::prelude::*;
use crisol_benches::noise;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;

/// In the second-level cache, and far beyond any cache.
const SIZES: [usize; 2] = [10_000, 4_000_000];

/// A chain as a user writes it, and the same on numbers.
struct Chain {
    name: &'static str,
    fused: fn(&Tensor, &Tensor, &Tensor) -> Tensor,
    by_hand: fn(f32, f32, f32) -> f32,
}

const CHAINS: [Chain; 2] = [
    Chain { name: "x*y+z", fused: |x, y, z| x * y + z, by_hand: |x, y, z| x * y + z },
    Chain {
        name: "sigmoid(x)*tanh(z)+exp(-x*x)",
        fused: |x, _, z| x.sigmoid() * z.tanh() + (-(x * x)).exp(),
        by_hand: |x, _, z| 1.0 / (1.0 + (-x).exp()) * z.tanh() + (-(x * x)).exp(),
    },
];

fn chains(criterion: &mut Criterion) {
    for chain in &CHAINS {
        let mut group = criterion.benchmark_group(chain.name);
        for size in SIZES {
            group.throughput(Throughput::Elements(size as u64)).sample_size(20);
            let arrays = [(); 3].map(|()| noise(&[size]));
            let tensors = arrays.each_ref().map(Tensor::from);
            let [x, y, z] = &tensors;
            group.bench_function(BenchmarkId::new("fused", size), |bencher| {
                bencher.iter(|| (chain.fused)(x, y, z).evaluate().unwrap());
            });
            let [x, y, z] = arrays.each_ref().map(|array| array.as_slice().unwrap());
            let mut out = vec![0.0f32; size];
            group.bench_function(BenchmarkId::new("by hand, one thread", size), |bencher| {
                bencher.iter(|| {
                    for (((out, &x), &y), &z) in out.iter_mut().zip(x).zip(y).zip(z) {
                        *out = (chain.by_hand)(x, y, z);
                    }
                    black_box(&mut out);
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, chains);
criterion_main!(benches);
