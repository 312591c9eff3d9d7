//! Who does a task, in a process with one worker that no other test makes use of.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use crisol_kernels::{Task, parallel_for, solo, with_threads};
use std::collections::HashSet;
use std::sync::{Arc, Barrier, Mutex};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

#[test]
fn tasks_are_done_by_whom_they_should_be() {
    tasks_inside_chunks_are_done_in_place();
    whoever_does_its_own_task_has_all_threads_for_it();
    who_helps_a_task_goes_when_it_is_for_one_thread();
}

fn tasks_inside_chunks_are_done_in_place() {
    with_threads(2, || {
        parallel_for(20, &|_| {
            let home = thread::current().id();
            let task = Task::new();
            task.start(move || assert_eq!(thread::current().id(), home));
            assert!(task.is_done());
        });
    });
}

fn whoever_does_its_own_task_has_all_threads_for_it() {
    with_threads(2, || {
        let gate = Arc::new(Barrier::new(2));
        let (busy, inside) = (Task::new(), Arc::clone(&gate));
        let work = move || {
            inside.wait();
            inside.wait();
        };
        // Given away by another thread, so that this one has nothing away.
        thread::spawn(move || with_threads(2, || busy.start(work))).join().unwrap();
        // The worker has begun: until here it might have taken the next one as well.
        gate.wait();

        let seen = Arc::new(Mutex::new(HashSet::new()));
        let (task, threads) = (Task::new(), Arc::clone(&seen));
        let home = thread::current().id();
        task.start(move || {
            assert_eq!(thread::current().id(), home, "the worker was busy");
            gate.wait();
            loop_of_two(&threads);
        });
        assert!(!task.is_done());
        task.wait();
        assert_eq!(seen.lock().unwrap().len(), 2, "the loop ran on one thread");
    });
}

fn who_helps_a_task_goes_when_it_is_for_one_thread() {
    with_threads(2, || {
        let task = Task::new();
        // Nobody has begun it.
        task.help();
        let (gate, seen) = (Arc::new(Barrier::new(2)), Arc::new(Mutex::new(HashSet::new())));
        let (inside, threads) = (Arc::clone(&gate), Arc::clone(&seen));
        task.start(move || {
            inside.wait();
            loop_of_two(&threads);
            solo(|| inside.wait());
            loop_of_two(&threads);
        });
        gate.wait();
        task.help();
        assert_eq!(seen.lock().unwrap().len(), 2, "the loop ran on one thread");
        assert!(!task.is_done());
        seen.lock().unwrap().clear();
        gate.wait();
        task.wait();
        assert_eq!(seen.lock().unwrap().len(), 2, "the second loop ran on one thread");
    });
}

/// A loop whose chunks wait for two threads to take part.
fn loop_of_two(threads: &Mutex<HashSet<ThreadId>>) {
    let start = Instant::now();
    parallel_for(2, &|_| {
        threads.lock().unwrap().insert(thread::current().id());
        while threads.lock().unwrap().len() < 2 && start.elapsed() < Duration::from_secs(20) {
            thread::yield_now();
        }
    });
}
