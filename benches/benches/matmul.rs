//! Matrix products beside the `gemm` crate and beside the multiply-adds that the processor makes in registers, all in one run. First a table, for which the two libraries take turns on every shape; then criterion on a few
//! shapes, for comparisons with a saved baseline.
//!
//! `CRISOL_BENCH=all` makes the table of every shape, layout and element type, `CRISOL_BENCH=TEXT` of those whose line has the
//! text in it; both leave criterion out.
#![allow(missing_docs, clippy::unwrap_used)] // criterion's macros make undocumented items; a benchmark may stop

use crisol_benches::compare::Effort;
use crisol_benches::{limits, noise};
use crisol_kernels::{Matrix, Real, matmul, with_threads};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};
use gemm::Parallelism;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Rows of the left, columns of the right, inner size, and which operands lie transposed.
type Shape = ([usize; 3], &'static str);

/// Dense layers forward and backward, a cube, a 1x1 convolution and its weight gradient.
const SHORT: [Shape; 8] = [
    ([64, 64, 784], "NN"),
    ([784, 64, 64], "TN"),
    ([32, 300, 784], "NN"),
    ([512, 512, 512], "NN"),
    ([512, 512, 512], "NT"),
    ([1024, 1024, 1024], "NN"),
    ([5408, 728, 728], "NN"),
    ([64, 128, 83_232], "TN"),
];

/// With these, every shape: squares, tall, wide, long inner axes.
const MORE: [Shape; 34] = [
    ([64, 64, 64], "NN"),
    ([128, 128, 128], "NN"),
    ([256, 256, 256], "NN"),
    ([2048, 2048, 2048], "NN"),
    ([784, 64, 64], "NN"),
    ([64, 784, 64], "NT"),
    ([784, 300, 32], "TN"),
    ([64, 10, 64], "NN"),
    ([64, 1, 784], "NN"),
    ([2000, 10, 64], "NN"),
    ([83_232, 256, 128], "NN"),
    ([332_928, 128, 64], "NN"),
    ([83_232, 128, 256], "NT"),
    ([5408, 728, 728], "NT"),
    ([728, 728, 5408], "TN"),
    ([128, 256, 83_232], "TN"),
    ([64, 128, 332_928], "TN"),
    ([64, 64, 5000], "TN"),
    ([300, 200, 20_000], "TN"),
    ([64, 4096, 1024], "NN"),
    ([64, 4096, 1024], "NT"),
    ([256, 4096, 1024], "NN"),
    ([256, 256, 256], "NT"),
    ([256, 256, 256], "TN"),
    ([256, 256, 256], "TT"),
    ([512, 512, 512], "TN"),
    ([512, 512, 512], "TT"),
    ([1024, 1024, 1024], "NT"),
    ([1024, 1024, 1024], "TN"),
    ([1024, 1024, 1024], "TT"),
    ([1000, 1000, 1000], "NN"),
    ([1023, 1025, 1027], "NN"),
    ([4096, 1024, 256], "NN"),
    ([4096, 256, 1024], "NN"),
];

/// A product to be computed by either library.
struct Case<T> {
    size: [usize; 3],
    lhs: Vec<T>,
    rhs: Vec<T>,
    /// Distances between rows and columns of either operand.
    strides: [[usize; 2]; 2],
    out: Vec<T>,
}

impl<T: Real> Case<T> {
    fn new((size, layout): Shape, convert: fn(f32) -> T) -> Self {
        let [m, n, k] = size;
        let numbers = |count: usize| noise(&[count]).into_iter().map(convert).collect();
        let strides = |rows: usize, cols: usize, lies: &str| if lies == "T" { [1, rows] } else { [cols, 1] };
        let strides = [strides(m, k, &layout[..1]), strides(k, n, &layout[1..])];
        Self { size, lhs: numbers(m * k), rhs: numbers(k * n), strides, out: vec![T::ZERO; m * n] }
    }

    fn crisol(&mut self) {
        let ([m, n, k], [left, right]) = (self.size, self.strides);
        let lhs = Matrix::new(&self.lhs, m, k, left[0], left[1]).unwrap();
        let rhs = Matrix::new(&self.rhs, k, n, right[0], right[1]).unwrap();
        matmul(lhs, rhs, &mut self.out, false, None).unwrap();
        black_box(&mut self.out);
    }

    fn gemm(&mut self, [zero, one]: [T; 2], threads: usize) {
        let ([m, n, k], [left, right]) = (self.size, self.strides.map(|pair| pair.map(|stride| stride as isize)));
        let parallelism = if threads == 1 { Parallelism::None } else { Parallelism::Rayon(threads) };
        let (lhs, rhs, out) = (self.lhs.as_ptr(), self.rhs.as_ptr(), self.out.as_mut_ptr());
        // SAFETY: the operands and the result have as many elements as the sizes and strides name.
        unsafe {
            gemm::gemm(
                m,
                n,
                k,
                out,
                1,
                n as isize,
                false,
                lhs,
                left[1],
                left[0],
                rhs,
                right[1],
                right[0],
                zero,
                one,
                false,
                false,
                false,
                parallelism,
            );
        }
        black_box(&mut self.out);
    }

    /// GFLOP/s of crisol and of gemm, medians of runs that take turns.
    fn compare(&mut self, one: T, threads: usize, effort: Effort) -> [f64; 2] {
        let [m, n, k] = self.size;
        let operations = 2.0 * (m * n * k) as f64;
        // Short products are repeated until a run is long enough for the clock.
        let repeats = if effort.is_test() { 1 } else { (2e6 / operations).ceil() as usize };
        let [least, most] = effort.turns;
        let mut seconds = [Vec::new(), Vec::new()];
        let start = Instant::now();
        while seconds[0].len() < least || (start.elapsed() < effort.time / 4 && seconds[0].len() < most) {
            for (library, seconds) in seconds.iter_mut().enumerate() {
                let start = Instant::now();
                for _ in 0..repeats {
                    if library == 0 {
                        self.crisol();
                    } else {
                        self.gemm([T::ZERO, one], threads);
                    }
                }
                seconds.push(start.elapsed().as_secs_f64() / repeats as f64);
            }
        }
        seconds.map(|mut seconds| {
            seconds.sort_by(f64::total_cmp);
            operations / seconds[seconds.len() / 2] * 1e-9
        })
    }
}

/// Prints a line for each shape that is asked for.
fn table(wanted: Option<&str>, effort: Effort) {
    let peaks = [1, 2].map(limits::multiply_adds);
    println!(
        "GFLOP/s; multiply-adds in registers, 1 and 2 threads: {:.0} and {:.0} for f32, half of that for f64",
        peaks[0], peaks[1]
    );
    println!("{:<34}{:>8}{:>8}{:>8}{:>10}", "m x n x k, layout, type, threads", "crisol", "gemm", "ratio", "of limit");
    let more: &[Shape] = if wanted.is_some() { &MORE } else { &[] };
    for &shape in SHORT.iter().chain(more) {
        for double in [false, true] {
            for threads in [1, 2] {
                let ([m, n, k], layout) = shape;
                let name = format!("{m} x {n} x {k} {layout} {} {threads}", if double { "f64" } else { "f32" });
                let asked = match wanted {
                    None => !double,
                    Some("all") => true,
                    Some(text) => name.contains(text),
                };
                if !asked {
                    continue;
                }
                let [crisol, gemm] = with_threads(threads, || {
                    if double {
                        Case::new(shape, f64::from).compare(1.0, threads, effort)
                    } else {
                        Case::new(shape, |value| value).compare(1.0, threads, effort)
                    }
                });
                let limit = peaks[threads - 1] / if double { 2.0 } else { 1.0 };
                let (ratio, part) = (crisol / gemm, 100.0 * crisol / limit);
                println!("{name:<34}{crisol:>8.1}{gemm:>8.1}{ratio:>8.2}{part:>8.0} %");
            }
        }
    }
}

fn products(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("matmul");
    group.sample_size(20).warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(1));
    for shape in SHORT {
        let ([m, n, k], layout) = shape;
        group.throughput(Throughput::Elements(2 * (m * n * k) as u64));
        for threads in [1, 2] {
            let mut case = Case::new(shape, |value| value);
            let id = BenchmarkId::new(format!("{threads} threads"), format!("{m} x {n} x {k} {layout}"));
            group.bench_function(id, |bencher| with_threads(threads, || bencher.iter(|| case.crisol())));
        }
    }
    group.finish();
}

criterion_group!(benches, products);

fn main() {
    let wanted = std::env::var("CRISOL_BENCH").ok();
    table(wanted.as_deref(), Effort::from_arguments());
    if wanted.is_none() {
        benches();
        Criterion::default().configure_from_args().final_summary();
    }
}
