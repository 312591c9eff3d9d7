//! The kernels against their plain definitions, at several numbers of threads.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod conv;
mod matmul;
mod moving;
mod pool;
mod pooling;
mod task;

use crisol_ir::Cpu;
use crisol_kernels::{Real, RowBlocks, with_threads};
use std::ops::Range;

/// Values between -1 and 1, a function of the seed.
fn noise<T: Test>(seed: u64, length: usize) -> Vec<T> {
    let mut state = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        T::from_f64((state >> 33) as f64 / (1_u64 << 30) as f64 - 1.0)
    };
    std::iter::repeat_with(next).take(length).collect()
}

/// What tests need beyond the kernels' own trait.
trait Test: Real {
    const EPSILON: f64;
    fn from_f64(value: f64) -> Self;
    fn to_f64(self) -> f64;
    fn bits(self) -> u64;
}

impl Test for f32 {
    const EPSILON: f64 = f32::EPSILON as f64;
    fn from_f64(value: f64) -> Self {
        value as f32
    }
    fn to_f64(self) -> f64 {
        f64::from(self)
    }
    fn bits(self) -> u64 {
        u64::from(self.to_bits())
    }
}

impl Test for f64 {
    const EPSILON: f64 = f64::EPSILON;
    fn from_f64(value: f64) -> Self {
        value
    }
    fn to_f64(self) -> f64 {
        self
    }
    fn bits(self) -> u64 {
        self.to_bits()
    }
}

/// Asserts that each value is as near the definition's (summed in f64) as a sum of `terms` products of numbers below one
/// may be expected to come.
fn assert_near<T: Test>(given: &[T], expected: &[f64], terms: usize) {
    assert_eq!(given.len(), expected.len());
    let bound = T::EPSILON * (4 + terms) as f64;
    for (index, (given, &expected)) in given.iter().zip(expected).enumerate() {
        let error = (given.to_f64() - expected).abs();
        assert!(error <= bound, "element {index}: {given:?}, expected {expected}, bound {bound:e}");
    }
}

/// Runs a kernel with 1, 2, 3 and 8 threads on output full of rubbish, asserts that the bits agree, and gives the result.
fn same_bits<T: Test>(length: usize, kernel: impl Fn(&mut [T])) -> Vec<T> {
    let run = |threads| {
        let mut out = vec![T::from_f64(f64::NAN); length];
        with_threads(threads, || kernel(&mut out));
        out
    };
    let first = run(1);
    for threads in [2, 3, 8] {
        let again = run(threads);
        let differ = first.iter().zip(&again).position(|(a, b)| a.bits() != b.bits());
        assert_eq!(differ, None, "{threads} threads give other bits");
    }
    first
}

/// Asserts that an epilogue has seen exactly the promised blocks, and that these cover the rows without gaps.
fn assert_blocks(mut seen: Vec<Range<usize>>, blocks: RowBlocks) {
    seen.sort_by_key(|rows| rows.start);
    let promised: Vec<_> = (0..blocks.count()).map(|index| blocks.rows(index)).collect();
    assert_eq!(seen, promised);
    let mut next = 0;
    for (index, rows) in promised.iter().enumerate() {
        assert_eq!((rows.start, blocks.index(rows.start), blocks.index(rows.end - 1)), (next, index, index));
        assert!(rows.len() <= blocks.longest());
        next = rows.end;
    }
}

/// Everything again for each lesser kind of processor; those that this machine is not are named.
#[test]
fn on_every_kind_of_processor() {
    if std::env::var_os("CRISOL_CPU").is_some() {
        return;
    }
    for kind in Cpu::ALL {
        if kind > Cpu::detected() {
            println!("skipped {kind}: this machine has {} at most", Cpu::detected());
            continue;
        }
        // What runs anyway; and sse4.2 means to these kernels what baseline means.
        if [Cpu::detected(), Cpu::Sse42].contains(&kind) {
            continue;
        }
        let output = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--skip", "on_every_kind_of_processor", "--skip", "pool::"])
            .env("CRISOL_CPU", kind.name())
            .output()
            .unwrap();
        assert!(output.status.success(), "{kind}: {}", String::from_utf8_lossy(&output.stdout));
    }
}
