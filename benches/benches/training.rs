//! An epoch of `fit`, step by step cost included: the models of the seeds, beside the floor that the machine's matrix
//! products set (`matmul`).
#![allow(missing_docs, clippy::unwrap_used)] // criterion's macros make undocumented items; a benchmark may stop

use crisol::prelude::*;
use crisol_benches::{basic_cnn, batches, mlp, regression};
use crisol_kernels::{Matrix, matmul};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// Steps an epoch has here: the time of an iteration is that of so many steps.
const STEPS: usize = 20;

fn epoch(criterion: &mut Criterion, name: &str, mut model: Model, data: &Dataset) {
    let mut group = criterion.benchmark_group("fit");
    group.throughput(Throughput::Elements(STEPS as u64)).sample_size(20);
    // Plans and kernels are made before the clock runs.
    model.fit(data, Fit::epochs(1).verbose(Verbose::Silent)).unwrap();
    group.bench_function(name, |bencher| {
        bencher.iter(|| model.fit(data, Fit::epochs(1).verbose(Verbose::Silent)).unwrap());
    });
    group.finish();
}

fn training(criterion: &mut Criterion) {
    epoch(criterion, "mlp 784-64-64-10, batch 64", mlp().unwrap(), &batches(STEPS, 64, &[784], 10));
    epoch(criterion, "regression 8-50-50-50-1, batch 32", regression().unwrap(), &batches(STEPS, 32, &[8], 2));
    epoch(criterion, "basic 128x128, batch 32", basic_cnn(128).unwrap(), &batches(STEPS, 32, &[128, 128, 3], 2));
    epoch(criterion, "basic 204x204, batch 32", basic_cnn(204).unwrap(), &batches(STEPS, 32, &[204, 204, 3], 2));
}

/// The products of one mlp step alone, the same number of times: what no training of it can be faster than.
fn floor(criterion: &mut Criterion) {
    let data = |rows: usize, columns: usize| crisol_benches::noise(&[rows * columns]).into_raw_vec_and_offset().0;
    let shapes = [
        (64, 64, 784),
        (64, 64, 64),
        (64, 10, 64),
        (784, 64, 64),
        (64, 64, 64),
        (64, 10, 64),
        (64, 64, 64),
        (64, 64, 10),
    ];
    let operands: Vec<_> = shapes.iter().map(|&(m, n, k)| (data(m, k), data(k, n), vec![0.0f32; m * n])).collect();
    let mut operands = operands;
    let mut group = criterion.benchmark_group("matmul");
    group.throughput(Throughput::Elements(STEPS as u64)).sample_size(20);
    group.bench_function("the products of mlp 784-64-64-10, batch 64", |bencher| {
        bencher.iter(|| {
            for _ in 0..STEPS {
                for (&(m, n, k), (lhs, rhs, out)) in shapes.iter().zip(&mut operands) {
                    let lhs = Matrix::row_major(lhs, m, k).unwrap();
                    let rhs = Matrix::row_major(rhs, k, n).unwrap();
                    matmul(lhs, rhs, out, false, None).unwrap();
                }
            }
        });
    });
    group.finish();
}

criterion_group!(benches, training, floor);
criterion_main!(benches);
