//! Matrix products of shapes that matter, on one thread and on two, beside what `ndarray` takes (matrixmultiply, one thread) and
//! beside the multiply-adds that the processor makes in registers, measured in the same run. Elements are operations: a thousand
//! million a second are a GFLOP/s.
#![allow(missing_docs, clippy::unwrap_used)] // criterion's macros make undocumented items; a benchmark may stop

use crisol::ndarray::{Array2, Ix2};
use crisol_benches::{limits, noise};
use crisol_kernels::{Matrix, matmul, with_threads};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;

/// Rows of the left, columns of the right, inner size, and whether the left is transposed, as in a weight gradient: dense layers
/// forward and backward, cubes, 1x1 convolutions and their weight gradient.
const SHAPES: [([usize; 3], bool); 10] = [
    ([64, 64, 784], false),
    ([784, 64, 64], true),
    ([32, 300, 784], false),
    ([784, 300, 32], true),
    ([128, 128, 128], false),
    ([512, 512, 512], false),
    ([1024, 1024, 1024], false),
    ([83_232, 256, 128], false),
    ([5408, 728, 728], false),
    ([64, 128, 332_928], true),
];

/// Products of fewer operations than this are also compared with `ndarray`: the others would take minutes.
const BRIEF: u64 = 3_000_000_000;

fn products(criterion: &mut Criterion) {
    for threads in [1, 2] {
        println!("multiply-adds in registers, {threads} threads: {:.0} GFLOP/s", limits::multiply_adds(threads));
    }
    let mut group = criterion.benchmark_group("matmul");
    for ([m, n, k], transposed) in SHAPES {
        let operations = 2 * (m * n * k) as u64;
        group.throughput(Throughput::Elements(operations)).sample_size(if operations < BRIEF { 30 } else { 10 });
        let two = |rows: usize, columns: usize| -> Array2<f32> {
            noise(&[rows, columns]).into_dimensionality::<Ix2>().unwrap()
        };
        let (lhs, rhs) = (if transposed { two(k, m) } else { two(m, k) }, two(k, n));
        let mut out = vec![0.0f32; m * n];
        let name = format!("{m} x {n} x {k}{}", if transposed { ", left transposed" } else { "" });
        for threads in [1, 2] {
            group.bench_function(BenchmarkId::new(format!("crisol, {threads} threads"), &name), |bencher| {
                let left = Matrix::row_major(lhs.as_slice().unwrap(), lhs.nrows(), lhs.ncols()).unwrap();
                let left = if transposed { left.transposed() } else { left };
                let right = Matrix::row_major(rhs.as_slice().unwrap(), k, n).unwrap();
                with_threads(threads, || bencher.iter(|| matmul(left, right, &mut out, false, None).unwrap()));
                black_box(&mut out);
            });
        }
        if operations < BRIEF {
            group.bench_function(BenchmarkId::new("ndarray, 1 thread", &name), |bencher| {
                let left = if transposed { lhs.t() } else { lhs.view() };
                bencher.iter(|| black_box(left.dot(&rhs)));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, products);
criterion_main!(benches);
