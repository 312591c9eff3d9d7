//! Prefetching: elements made ahead on background threads, handed over in order.

use crate::stage::{Job, Jobs, Stage};
use crate::{Batch, Error, ErrorKind, Result};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// At most `ahead` elements wait or are being made, on as many threads as the machine runs at once.
pub(crate) struct Prefetched {
    pub(crate) upstream: Arc<dyn Stage>,
    pub(crate) ahead: usize,
    pub(crate) threads: usize,
}

impl Stage for Prefetched {
    fn jobs(&self, epoch: u64) -> Jobs {
        Box::new(Ahead::start(self.upstream.jobs(epoch), self.ahead, self.threads))
    }

    fn len(&self) -> Option<usize> {
        self.upstream.len()
    }
}

/// A made element, or the panic of its making.
type Made = std::thread::Result<Result<Batch>>;

struct Shared {
    /// Its lock decides the order: whoever holds it takes the next number and the next job.
    jobs: Mutex<Option<Jobs>>,
    state: Mutex<State>,
    /// An element was made, or the last one is known.
    made: Condvar,
    /// An element was handed over, or nobody wants any more.
    wanted: Condvar,
    ahead: usize,
}

#[derive(Default)]
struct State {
    taken: usize,
    handed: usize,
    made: BTreeMap<usize, Made>,
    end: Option<usize>,
    stopped: bool,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // No code of others runs under this lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        while let Some((place, job)) = self.take() {
            let made = catch_unwind(AssertUnwindSafe(|| job.run()));
            self.state().made.insert(place, made);
            self.made.notify_one();
        }
    }

    /// The next job with its place, once there is room for its result; `None` when there is nothing left to do.
    fn take(&self) -> Option<(usize, Job)> {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.as_ref()?;
        let mut state = self.state();
        while !state.stopped && state.taken - state.handed >= self.ahead {
            state = self.wanted.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.stopped {
            // Ends threads of a prefetch further up as well.
            drop(state);
            *jobs = None;
            return None;
        }
        let place = state.taken;
        drop(state);
        // The upstream may be slow here (a generator), so the state is not locked meanwhile.
        let next = catch_unwind(AssertUnwindSafe(|| jobs.as_mut().and_then(Iterator::next)));
        let mut state = self.state();
        let ended = match next {
            Ok(Some(job)) => {
                state.taken += 1;
                return Some((place, job));
            }
            Ok(None) => place,
            Err(panic) => {
                state.taken += 1;
                state.made.insert(place, Err(panic));
                place + 1
            }
        };
        state.end.get_or_insert(ended);
        self.made.notify_one();
        *jobs = None;
        None
    }
}

struct Ahead {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl Ahead {
    fn start(jobs: Jobs, ahead: usize, threads: usize) -> Self {
        let shared = Arc::new(Shared {
            jobs: Mutex::new(Some(jobs)),
            state: Mutex::default(),
            made: Condvar::new(),
            wanted: Condvar::new(),
            ahead,
        });
        let mut running = Vec::new();
        for n in 0..threads.clamp(1, ahead) {
            let thread = std::thread::Builder::new().name(format!("crisol-data-{n}"));
            let worker = shared.clone();
            match thread.spawn(move || worker.work()) {
                Ok(handle) => running.push(handle),
                // Fewer threads do the same work; none is an error that the consumer gets.
                Err(_) if !running.is_empty() => break,
                Err(error) => {
                    let message = format!("cannot start a thread to prefetch: {error}");
                    let mut state = shared.state();
                    state.made.insert(0, Ok(Err(Error::new(ErrorKind::Io, message))));
                    state.end = Some(1);
                    break;
                }
            }
        }
        Ahead { shared, threads: running }
    }
}

impl Iterator for Ahead {
    type Item = Job;

    fn next(&mut self) -> Option<Job> {
        let mut state = self.shared.state();
        loop {
            let place = state.handed;
            if let Some(made) = state.made.remove(&place) {
                state.handed += 1;
                drop(state);
                self.shared.wanted.notify_one();
                return Some(Job::new(move || made.unwrap_or_else(|panic| resume_unwind(panic))));
            }
            if state.end.is_some_and(|end| end <= place) {
                return None;
            }
            state = self.shared.made.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Drop for Ahead {
    /// Returns when the threads have ended: they finish at most the element in hand.
    fn drop(&mut self) {
        self.shared.state().stopped = true;
        self.shared.wanted.notify_all();
        for thread in self.threads.drain(..) {
            // Workers catch every panic; a failed join has nothing more to tell.
            let _ = thread.join();
        }
    }
}
