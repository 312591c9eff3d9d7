//! What `fit` adds to the bare step, in turns; then epochs of `fit`, step by step cost included: the models of the seeds, beside the
//! floor that the machine's matrix products set (`matmul`).
#![allow(clippy::unwrap_used)] // a benchmark may stop

use crisol::prelude::*;
use crisol_benches::compare::Effort;
use crisol_benches::peer::workload;
use crisol_benches::{basic_cnn, batches, mlp, regression};
use crisol_kernels::{Matrix, matmul};
use criterion::{Criterion, Throughput};

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

/// Steps of one turn: an epoch of the comparison's `fit`.
const TURN: usize = 256;

/// Microseconds a step: by hand on batches that are there, by hand on batches copied out of shuffled arrays, and through `fit`, which
/// shuffles and copies the same arrays, keeps the history and calls callbacks.
fn overhead() {
    let mut effort = Effort::from_arguments();
    // The difference is small: it takes many turns to see it.
    effort.time *= 10;
    println!("a step, in microseconds      batches there  copied anew     fit  fit adds");
    for model in ["mlp", "mlp-large", "regression"] {
        let mut sides = ["", "-rows", "-fit"].map(|kind| workload(&format!("{model}{kind}")).unwrap());
        let [there, copied, fit] = &mut sides;
        let seconds = effort.compare(&mut [
            &mut || assert!((there.run)(TURN).unwrap() >= TURN),
            &mut || assert!((copied.run)(TURN).unwrap() >= TURN),
            &mut || assert!((fit.run)(TURN).unwrap() >= TURN),
        ]);
        let [there, copied, fit] = [0, 1, 2].map(|at| 1e6 * seconds[at] / TURN as f64);
        println!("{model:<29}{there:>13.1}{copied:>13.1}{fit:>8.1}{:>10.1}", fit - copied);
    }
}

fn main() {
    overhead();
    let mut criterion = Criterion::default().configure_from_args();
    training(&mut criterion);
    floor(&mut criterion);
    criterion.final_summary();
}
