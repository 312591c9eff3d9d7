//! Work that is given away: done once, by whoever comes first, with all its loops.

use crisol_kernels::{Task, parallel_for, with_threads};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;

/// A task that runs some loops, and what they have counted.
fn counting(loops: usize) -> (Task, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let (task, counted) = (Task::new(), Arc::clone(&count));
    task.start(move || {
        for _ in 0..loops {
            parallel_for(7, &|chunk| {
                counted.fetch_add(chunk, Ordering::Relaxed);
            });
        }
    });
    (task, count)
}

#[test]
fn tasks_are_done_when_waited_for() {
    for threads in [1, 2, 3, 8] {
        with_threads(threads, || {
            for loops in 0..300 {
                let (task, count) = counting(loops % 17);
                task.wait();
                assert!(task.is_done());
                assert_eq!(count.load(Ordering::Relaxed), loops % 17 * 21);
            }
        });
    }
}

#[test]
fn loops_of_whoever_gave_a_task_away_run_in_place_until_it_is_done() {
    with_threads(3, || {
        let gate = Arc::new(Barrier::new(2));
        let (task, inside) = (Task::new(), Arc::clone(&gate));
        let worker = Arc::new(std::sync::Mutex::new(None));
        let seen = Arc::clone(&worker);
        task.start(move || {
            *seen.lock().unwrap() = Some(thread::current().id());
            // Done in place, it would wait for itself.
            if thread::current().name().is_some_and(|name| name.starts_with("crisol")) {
                inside.wait();
            }
        });
        let home = thread::current().id();
        if !task.is_done() {
            parallel_for(50, &|_| assert_eq!(thread::current().id(), home));
            gate.wait();
        }
        task.wait();
        assert!(worker.lock().unwrap().is_some());
        let sum = AtomicUsize::new(0);
        parallel_for(50, &|chunk| {
            sum.fetch_add(chunk, Ordering::Relaxed);
        });
        assert_eq!(sum.into_inner(), 1225);
    });
}

#[test]
fn a_task_has_the_threads_of_its_start() {
    with_threads(5, || {
        let seen = Arc::new(AtomicUsize::new(0));
        let (task, inside) = (Task::new(), Arc::clone(&seen));
        task.start(move || inside.store(crisol_kernels::threads(), Ordering::Relaxed));
        with_threads(2, || task.wait());
        assert_eq!(seen.load(Ordering::Relaxed), 5);
    });
}

#[test]
fn many_threads_give_tasks_away_and_wait_for_each_others() {
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                for loops in 0..200 {
                    let (task, count) = with_threads(4, || counting(loops % 5));
                    // Another thread waits as well, and works for the task meanwhile.
                    if loops % 10 == 0 {
                        scope.spawn({
                            let (task, count) = (task.clone(), Arc::clone(&count));
                            move || {
                                task.wait();
                                assert_eq!(count.load(Ordering::Relaxed), loops % 5 * 21);
                            }
                        });
                    }
                    parallel_for(3, &|_| ());
                    task.wait();
                    assert_eq!(count.load(Ordering::Relaxed), loops % 5 * 21);
                }
            });
        }
    });
}

#[test]
fn a_panic_goes_on_where_the_task_is_waited_for() {
    for threads in [1, 2, 4] {
        with_threads(threads, || {
            let task = Task::new();
            let started = catch_unwind(AssertUnwindSafe(|| {
                task.start(|| parallel_for(4, &|chunk| assert!(chunk != 2, "chunk two")));
                task.wait();
            }));
            let payload = started.unwrap_err();
            assert_eq!(payload.downcast_ref::<&str>(), Some(&"chunk two"));
            // Whoever comes later is told as well, and the pool goes on.
            assert!(catch_unwind(AssertUnwindSafe(|| task.wait())).is_err());
            let (task, count) = counting(1);
            task.wait();
            assert_eq!(count.load(Ordering::Relaxed), 21);
        });
    }
}

#[test]
fn denormal_numbers_count_as_zero_whoever_does_the_task() {
    for threads in [1, 2] {
        with_threads(threads, || {
            for _ in 0..100 {
                let half = Arc::new(AtomicUsize::new(1));
                let (task, seen) = (Task::new(), Arc::clone(&half));
                let tiny = std::hint::black_box(f32::MIN_POSITIVE);
                task.start(move || seen.store((tiny * 0.5).to_bits() as usize, Ordering::Relaxed));
                task.wait();
                if cfg!(target_arch = "x86_64") {
                    assert_eq!(half.load(Ordering::Relaxed), 0);
                }
            }
        });
    }
}

#[test]
#[should_panic(expected = "started once")]
fn a_task_is_started_once() {
    let task = Task::new();
    task.start(|| ());
    task.start(|| ());
}

#[test]
fn a_task_that_nobody_waits_for_is_done() {
    let (_, count) = with_threads(2, || counting(3));
    for _ in 0..10_000 {
        if count.load(Ordering::Relaxed) == 63 {
            return;
        }
        thread::sleep(std::time::Duration::from_millis(1));
    }
    panic!("still not done: {count:?}");
}

#[test]
fn queued_tasks_are_done_in_their_order() {
    for threads in [1, 2, 3, 8] {
        with_threads(threads, || {
            for count in 0..60 {
                let done = Arc::new(std::sync::Mutex::new(Vec::new()));
                let mut last: Option<Task> = None;
                for number in 0..count {
                    let (task, list) = (Task::new(), Arc::clone(&done));
                    let work = move || {
                        parallel_for(5, &|_| ());
                        list.lock().unwrap().push(number);
                    };
                    match &last {
                        Some(last) => task.start_after(last, work),
                        None => task.start(work),
                    }
                    last = Some(task);
                    parallel_for(2, &|_| ());
                }
                last.iter().for_each(Task::wait);
                assert_eq!(*done.lock().unwrap(), (0..count).collect::<Vec<_>>(), "{threads} threads");
            }
        });
    }
}

#[test]
fn many_threads_queue_tasks_and_none_is_lost() {
    thread::scope(|scope| {
        for _ in 0..5 {
            scope.spawn(|| {
                with_threads(3, || {
                    for round in 0..100 {
                        let (first, count) = counting(round % 4);
                        let (second, counted) = (Task::new(), Arc::clone(&count));
                        second.start_after(&first, move || {
                            counted.fetch_add(1, Ordering::Relaxed);
                        });
                        second.wait();
                        assert!(first.is_done());
                        assert_eq!(count.load(Ordering::Relaxed), round % 4 * 21 + 1);
                    }
                });
            });
        }
    });
}

#[test]
fn a_task_behind_one_that_panics_panics_and_does_nothing() {
    for threads in [1, 2, 4] {
        with_threads(threads, || {
            let (first, second) = (Task::new(), Task::new());
            let ran = Arc::new(AtomicUsize::new(0));
            let (inside, gate) = (Arc::clone(&ran), Arc::new(AtomicUsize::new(0)));
            let held = Arc::clone(&gate);
            let started = catch_unwind(AssertUnwindSafe(|| {
                first.start(move || {
                    // In place nobody would open the gate.
                    let is_away = thread::current().name().is_some_and(|name| name.starts_with("crisol"));
                    while is_away && held.load(Ordering::Relaxed) == 0 {
                        thread::yield_now();
                    }
                    panic!("the first");
                });
            }));
            let queued = catch_unwind(AssertUnwindSafe(|| {
                second.start_after(&first, move || {
                    inside.fetch_add(1, Ordering::Relaxed);
                });
                gate.store(1, Ordering::Relaxed);
                second.wait();
            }));
            assert!(queued.is_err() || started.is_err());
            assert!(catch_unwind(AssertUnwindSafe(|| second.wait())).is_err());
            assert_eq!(ran.load(Ordering::Relaxed), 0);
        });
    }
}

#[test]
fn what_a_task_keeps_is_dropped_when_it_is_done() {
    with_threads(2, || {
        let (task, gate) = (Task::new(), Arc::new(AtomicUsize::new(0)));
        let (held, kept) = (Arc::clone(&gate), Arc::new(()));
        task.keep(Arc::clone(&kept));
        task.start(move || {
            let is_away = thread::current().name().is_some_and(|name| name.starts_with("crisol"));
            while is_away && held.load(Ordering::Relaxed) == 0 {
                thread::yield_now();
            }
        });
        if !task.is_done() {
            task.keep(Arc::clone(&kept));
            assert_eq!(Arc::strong_count(&kept), 3);
        }
        gate.store(1, Ordering::Relaxed);
        task.wait();
        // Whoever did it lets go just after it is done.
        while Arc::strong_count(&kept) > 1 {
            thread::yield_now();
        }
        task.keep(Arc::clone(&kept));
        assert_eq!(Arc::strong_count(&kept), 1);
    });
}

#[test]
fn queueing_a_task_does_not_wait_for_the_one_before() {
    with_threads(2, || {
        let (first, second) = (Task::new(), Task::new());
        let gate = Arc::new(AtomicUsize::new(0));
        let held = Arc::clone(&gate);
        first.start(move || {
            // In place nobody would open the gate.
            let is_away = thread::current().name().is_some_and(|name| name.starts_with("crisol"));
            while is_away && held.load(Ordering::Relaxed) == 0 {
                thread::yield_now();
            }
        });
        let is_queued = !first.is_done();
        second.start_after(&first, || ());
        assert_eq!(second.is_done(), !is_queued);
        gate.store(1, Ordering::Relaxed);
        second.wait();
        assert!(first.is_done());
    });
}
