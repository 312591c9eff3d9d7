//! What the machine can do at best, measured: multiply-adds in registers, and bytes between memory and processor.

use crate::noise;
use pulp::{Arch, Simd, WithSimd};
use std::hint::black_box;
use std::time::Instant;

/// Enough independent sums to hide the latency of a multiply-add, few enough for the registers.
const SUMS: usize = 12;
/// Elements of an array that no cache holds: 256 MiB.
const FAR: usize = 64 << 20;

/// A loop of multiply-adds that touches no memory.
struct MultiplyAdds(usize);

impl WithSimd for MultiplyAdds {
    type Output = f32;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f32 {
        let factor = simd.splat_f32s(black_box(0.999));
        let summand = simd.splat_f32s(black_box(1e-3));
        let mut sums = [0; SUMS].map(|_: i32| simd.splat_f32s(black_box(1.0)));
        for _ in 0..self.0 {
            for sum in &mut sums {
                *sum = simd.mul_add_f32s(*sum, factor, summand);
            }
        }
        sums.into_iter().map(|sum| simd.reduce_sum_f32s(sum)).sum()
    }
}

/// How many numbers the widest instructions take.
struct Lanes;

impl WithSimd for Lanes {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> usize {
        S::F32_LANES
    }
}

/// Single precision multiply-adds in registers, counted as two operations, in 10^9 a second.
pub fn multiply_adds(threads: usize) -> f64 {
    const ROUNDS: usize = 2_000_000;
    let arch = Arch::new();
    let work = 2 * threads * ROUNDS * SUMS * arch.dispatch(Lanes);
    let seconds = best(|| {
        together(threads, |_| {
            black_box(arch.dispatch(MultiplyAdds(ROUNDS)));
        });
    });
    work as f64 / seconds * 1e-9
}

/// `c = a * 3 + b` over arrays far larger than any cache, in 10^9 bytes a second of arrays read and written.
pub fn memory(threads: usize) -> f64 {
    let (a, b) = (noise(&[FAR]), noise(&[FAR]));
    let mut c = noise(&[FAR]);
    let (Some(a), Some(b), Some(c)) = (a.as_slice(), b.as_slice(), c.as_slice_mut()) else {
        return f64::NAN; // fresh arrays are contiguous
    };
    let part = FAR.div_ceil(threads);
    let seconds = best(|| {
        std::thread::scope(|scope| {
            for (at, c) in c.chunks_mut(part).enumerate() {
                let from = at * part;
                let (a, b) = (&a[from..from + c.len()], &b[from..from + c.len()]);
                scope.spawn(move || {
                    Arch::new().dispatch(|| {
                        for ((c, &a), &b) in c.iter_mut().zip(a).zip(b) {
                            *c = a * 3.0 + b;
                        }
                    });
                });
            }
        });
        black_box(&mut *c);
    });
    (3 * size_of::<f32>() * FAR) as f64 / seconds * 1e-9
}

/// The same on several threads at once.
fn together(threads: usize, work: impl Fn(usize) + Sync) {
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let work = &work;
            scope.spawn(move || work(thread));
        }
    });
}

/// Seconds of the fastest of ten.
fn best(mut run: impl FnMut()) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..10 {
        let start = Instant::now();
        run();
        best = best.min(start.elapsed().as_secs_f64());
    }
    best
}
