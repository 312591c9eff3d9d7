//! A benchmark of cases: first the table, for which all sides take turns; then criterion, for comparisons with a saved baseline.

use crisol_benches::cases::Case;
use crisol_benches::compare::{Effort, table};
use crisol_kernels::with_threads;
use criterion::{BenchmarkId, Criterion, Throughput};
use std::time::Duration;

/// Runs both; `CRISOL_BENCH=TEXT` makes the lines of the table that have the text in them, and leaves criterion out.
pub fn run(title: &str, cases: impl Fn() -> Vec<Case>) {
    table(title, cases(), Effort::from_arguments()).unwrap();
    if std::env::var_os("CRISOL_BENCH").is_some() {
        return;
    }
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group(title);
    group.sample_size(20).warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(1));
    for case in cases() {
        group.throughput(Throughput::Elements(case.elements as u64));
        let Case { name, threads, mut crisol, mut by_hand, mut outs, .. } = case;
        group.bench_function(BenchmarkId::new("crisol", &name), |bencher| {
            with_threads(threads, || bencher.iter(|| crisol().unwrap()));
        });
        group.bench_function(BenchmarkId::new("by hand", &name), |bencher| {
            with_threads(threads, || bencher.iter(|| by_hand(&mut outs)));
        });
    }
    group.finish();
    criterion.final_summary();
}
