//! The pool: every chunk once, nesting, panics, concurrent callers.

use crisol_kernels::{FlushDenormals, parallel_for, threads, with_threads};
use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};

fn each_once(chunks: usize) {
    let counts: Vec<AtomicUsize> = (0..chunks).map(|_| AtomicUsize::new(0)).collect();
    parallel_for(chunks, &|chunk| {
        counts[chunk].fetch_add(1, Ordering::Relaxed);
    });
    assert!(counts.iter().all(|count| count.load(Ordering::Relaxed) == 1));
}

#[test]
fn every_chunk_runs_once() {
    for threads in [1, 2, 3, 8] {
        with_threads(threads, || {
            for chunks in [0, 1, 2, 3, 7, 64, 1000] {
                each_once(chunks);
            }
        });
    }
}

#[test]
fn many_small_calls_lose_nothing() {
    with_threads(4, || {
        let sum = AtomicUsize::new(0);
        for _ in 0..20_000 {
            parallel_for(3, &|chunk| {
                sum.fetch_add(chunk, Ordering::Relaxed);
            });
        }
        assert_eq!(sum.into_inner(), 60_000);
    });
}

#[test]
fn calls_inside_chunks_run_in_place() {
    let sum = AtomicUsize::new(0);
    with_threads(3, || {
        parallel_for(10, &|outer| {
            let home = std::thread::current().id();
            parallel_for(10, &|inner| {
                assert_eq!(std::thread::current().id(), home);
                sum.fetch_add(outer * 10 + inner, Ordering::Relaxed);
            });
        });
    });
    assert_eq!(sum.into_inner(), 4950);
}

#[test]
fn concurrent_callers_all_finish() {
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                for _ in 0..300 {
                    with_threads(3, || each_once(17));
                }
            });
        }
    });
}

#[test]
fn the_lowest_panic_reaches_the_caller_after_all_chunks() {
    for threads in [1, 2, 8] {
        with_threads(threads, || {
            let ran = AtomicUsize::new(0);
            let result = catch_unwind(AssertUnwindSafe(|| {
                parallel_for(40, &|chunk| {
                    ran.fetch_add(1, Ordering::Relaxed);
                    if chunk % 7 == 5 {
                        std::panic::panic_any(chunk);
                    }
                });
            }));
            assert_eq!(result.unwrap_err().downcast_ref::<usize>(), Some(&5));
            assert_eq!(ran.into_inner(), 40);
            each_once(100);
        });
    }
}

#[test]
fn limits_nest_and_end() {
    let outside = threads();
    with_threads(5, || {
        assert_eq!(threads(), 5);
        with_threads(2, || assert_eq!(threads(), 2));
        assert_eq!(threads(), 5);
    });
    assert!(catch_unwind(|| with_threads(7, || panic!("on purpose"))).is_err());
    assert_eq!(threads(), outside);
    assert_eq!(with_threads(0, threads), 1);
}

#[test]
fn more_threads_than_cores_do_take_part() {
    // Every chunk waits until all have begun, which takes as many threads as chunks. Another test may hold the pool, in
    // which case chunks run in place one after another; hence the bound on waiting and the attempts.
    let together = (0..50).any(|_| {
        let begun = AtomicUsize::new(0);
        with_threads(6, || {
            parallel_for(6, &|_| {
                begun.fetch_add(1, Ordering::SeqCst);
                let start = std::time::Instant::now();
                while begun.load(Ordering::SeqCst) < 6 && start.elapsed().as_millis() < 100 {
                    std::thread::yield_now();
                }
                if begun.load(Ordering::SeqCst) < 6 {
                    begun.fetch_add(100, Ordering::SeqCst);
                }
            });
        });
        begun.into_inner() == 6
    });
    assert!(together);
}

#[test]
#[cfg(target_arch = "x86_64")]
fn denormals_are_zero_in_chunks_only() {
    let half = || black_box(black_box(f32::MIN_POSITIVE) * black_box(0.5));
    let nonzero = AtomicUsize::new(0);
    with_threads(4, || {
        parallel_for(64, &|_| {
            if half() != 0.0 {
                nonzero.fetch_add(1, Ordering::Relaxed);
            }
        });
    });
    assert_eq!(nonzero.into_inner(), 0);
    assert!(half() > 0.0);
    let guard = FlushDenormals::new();
    parallel_for(2, &|_| ());
    assert_eq!(half(), 0.0);
    drop(guard);
    assert!(half() > 0.0);
}
