//! One pool of threads for the whole process, and the parallel loop over chunks that everything runs on.
//!
//! A call publishes one job, takes part in it, and returns when all chunks are done. Workers wait for the next job
//! spinning for a few tens of microseconds, because kernels of one step follow each other closely, then they park.
//! Chunks are claimed from a counter, from both ends: which thread runs which chunk is left to chance, what a chunk computes is not.
//! A worker that is free also takes up a [`Task`]; then it is the caller of the task's loops, and whoever waits for the task works for it.

use crate::denormals::FlushDenormals;
use crate::inline::{Panic, keep_lowest, lock, run_inline};
use crate::offers::Offers;
use crate::task::{Task, doing, is_away};
use crate::threads::{cores, threads};
use std::cell::{Cell, UnsafeCell};
use std::hint;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How long a thread spins before it parks.
const SPIN: Duration = Duration::from_micros(40);
/// A gap between two looks at the clock that only being put aside by the scheduler explains.
const PREEMPTED: Duration = Duration::from_micros(200);
/// How many waits in a row go without spinning after such a gap.
const CALM_WAITS: usize = 64;

/// Calls `body` once for every number below `chunks`, on the pool's threads and the caller's, and waits for all.
///
/// The caller begins with the first number, workers with the last, so that two threads have about the same ones in call after call; nothing
/// else is promised about order. A call from inside a chunk, while another thread's call occupies the pool, or while a [`Task`] of this
/// thread is under way, runs its chunks in place. Denormal numbers count as zero inside chunks.
///
/// # Panics
/// When a chunk panics: every other chunk still runs, then the panic of the lowest chunk continues in the caller.
///
/// ```
/// use std::sync::atomic::{AtomicUsize, Ordering};
///
/// let sum = AtomicUsize::new(0);
/// crisol_kernels::parallel_for(100, &|chunk| {
///     sum.fetch_add(chunk, Ordering::Relaxed);
/// });
/// assert_eq!(sum.into_inner(), 4950);
/// ```
pub fn parallel_for(chunks: usize, body: &(dyn Fn(usize) + Sync)) {
    let _flush = FlushDenormals::new();
    if chunks <= 1 || INSIDE.get() {
        return run_inline(chunks, body);
    }
    let limit = threads().min(chunks);
    if limit <= 1 || chunks >= u32::MAX as usize || is_away() {
        return run_inline(chunks, body);
    }
    let pool = pool();
    if pool.busy.swap(true, Ordering::Acquire) {
        // The other caller has the workers; this thread is one more that wants a core.
        pool.inline_callers.fetch_add(1, Ordering::Relaxed);
        let _leave = Leave(&pool.inline_callers);
        return run_inline(chunks, body);
    }
    pool.run(chunks, limit, body);
}

thread_local! {
    /// Whether this thread is inside a chunk.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is inside a chunk, or a worker that waits for one.
pub(crate) fn is_inside() -> bool {
    INSIDE.get()
}

/// What the workers need to know of the call in progress.
#[derive(Clone, Copy)]
struct Job {
    body: *const (dyn Fn(usize) + Sync),
    chunks: usize,
}

pub(crate) struct Pool {
    /// Held by the one caller whose job the workers see.
    busy: AtomicBool,
    /// Low half: seats left in the open job; high half: workers that took one. Zero when no job is open.
    gate: AtomicUsize,
    job: UnsafeCell<Job>,
    /// The number of the task that the open job belongs to, 0 for none.
    owner: AtomicUsize,
    /// The number of a task that is in a [`solo`](crate::solo), 0 for none.
    pub(crate) solo: AtomicUsize,
    /// Low half: chunks claimed from the first on; high half: from the last on.
    claimed: AtomicU64,
    /// Workers that have left the job.
    finished: AtomicUsize,
    /// The panic of the lowest chunk that panicked.
    panic: Mutex<Option<(usize, Panic)>>,
    offers: Offers,
    workers: AtomicUsize,
    inline_callers: AtomicUsize,
    /// Waits left to do without spinning, because a spinning thread was found to be in the way of others.
    calm: AtomicUsize,
    sleepers: AtomicUsize,
    bed: Mutex<()>,
    wake: Condvar,
    caller_sleeps: AtomicBool,
    caller_bed: Mutex<()>,
    caller_wake: Condvar,
    cores: usize,
}

// SAFETY: `job` is written only by the holder of `busy` while no worker is in the job, and read only by workers that took
// a seat, which happens after the write (release of `gate`) and before the caller returns (it waits for `finished`).
unsafe impl Sync for Pool {}
// SAFETY: as above.
unsafe impl Send for Pool {}

const SEAT_BITS: u32 = usize::BITS / 2;
const SEATS: usize = (1 << SEAT_BITS) - 1;

/// Where a thread takes chunks from. Caller and workers meet in between, so that two threads have about the same chunks in every call: what
/// one wrote is still in its cache in the next. Of more threads this holds for the caller alone.
#[derive(Clone, Copy)]
#[repr(u64)]
enum End {
    First = 1,
    Last = 1 << 32,
}

impl Pool {
    fn new() -> Self {
        Self {
            busy: AtomicBool::new(false),
            gate: AtomicUsize::new(0),
            job: UnsafeCell::new(Job { body: &|_| (), chunks: 0 }),
            owner: AtomicUsize::new(0),
            solo: AtomicUsize::new(0),
            claimed: AtomicU64::new(0),
            finished: AtomicUsize::new(0),
            panic: Mutex::new(None),
            offers: Offers::new(),
            workers: AtomicUsize::new(0),
            inline_callers: AtomicUsize::new(0),
            calm: AtomicUsize::new(0),
            sleepers: AtomicUsize::new(0),
            bed: Mutex::new(()),
            wake: Condvar::new(),
            caller_sleeps: AtomicBool::new(false),
            caller_bed: Mutex::new(()),
            caller_wake: Condvar::new(),
            cores: cores(),
        }
    }

    /// Publishes a job, takes part, waits for the workers that joined. The caller holds `busy`.
    fn run(&'static self, chunks: usize, limit: usize, body: &(dyn Fn(usize) + Sync)) {
        let seats = self.hire(limit - 1);
        // SAFETY: only the lifetime changes. No worker keeps the pointer beyond this call: see the wait below.
        let body: *const (dyn Fn(usize) + Sync) = unsafe {
            std::mem::transmute::<*const (dyn Fn(usize) + Sync + '_), *const (dyn Fn(usize) + Sync + 'static)>(body)
        };
        let job = Job { body, chunks };
        // SAFETY: this thread holds `busy` and no worker is inside a job.
        unsafe { *self.job.get() = job };
        self.owner.store(doing(), Ordering::Relaxed);
        self.claimed.store(0, Ordering::Relaxed);
        self.finished.store(0, Ordering::Relaxed);
        self.gate.store(seats, Ordering::SeqCst);
        let sleepers = self.sleepers.load(Ordering::SeqCst);
        if sleepers > 0 {
            drop(lock(&self.bed));
            for _ in 0..sleepers.min(seats) {
                self.wake.notify_one();
            }
        }

        INSIDE.set(true);
        self.claim_chunks(job, End::First);
        INSIDE.set(false);

        let joined = self.gate.swap(0, Ordering::SeqCst) >> SEAT_BITS;
        self.await_finish(joined);
        let panicked = lock(&self.panic).take();
        self.busy.store(false, Ordering::Release);
        if let Some((_, payload)) = panicked {
            panic::resume_unwind(payload);
        }
    }

    fn claim_chunks(&self, job: Job, end: End) {
        loop {
            let claimed = self.claimed.fetch_add(end as u64, Ordering::Relaxed);
            let (first, last) = (claimed as u32 as usize, (claimed >> 32) as usize);
            if first + last >= job.chunks {
                return;
            }
            let chunk = match end {
                End::First => first,
                End::Last => job.chunks - 1 - last,
            };
            // SAFETY: the caller of `run` keeps the body alive until every thread that joined has left.
            let body = unsafe { &*job.body };
            if let Err(payload) = panic::catch_unwind(AssertUnwindSafe(|| body(chunk))) {
                keep_lowest(&mut lock(&self.panic), chunk, payload);
            }
        }
    }

    fn await_finish(&self, joined: usize) {
        let finished = || self.finished.load(Ordering::SeqCst) == joined;
        if finished() || self.spin_until(&finished) {
            return;
        }
        self.caller_sleeps.store(true, Ordering::SeqCst);
        let mut bed = lock(&self.caller_bed);
        while !finished() {
            bed = self.caller_wake.wait(bed).unwrap_or_else(PoisonError::into_inner);
        }
        self.caller_sleeps.store(false, Ordering::SeqCst);
    }

    /// Spins for a while; whether the condition came true.
    fn spin_until(&self, condition: &dyn Fn() -> bool) -> bool {
        let wanted = 1 + self.workers.load(Ordering::Relaxed) + self.inline_callers.load(Ordering::Relaxed);
        if wanted > self.cores {
            return false;
        }
        let calm = self.calm.load(Ordering::Relaxed);
        if calm > 0 {
            self.calm.store(calm - 1, Ordering::Relaxed);
            return false;
        }
        let start = Instant::now();
        let mut last = start;
        loop {
            for _ in 0..32 {
                if condition() {
                    return true;
                }
                hint::spin_loop();
            }
            let now = Instant::now();
            if now - last > PREEMPTED {
                self.calm.store(CALM_WAITS, Ordering::Relaxed);
                return condition();
            }
            if now - start > SPIN {
                return condition();
            }
            last = now;
        }
    }

    /// Starts workers until there are `count`; how many there are for this job.
    fn hire(&'static self, count: usize) -> usize {
        let mut workers = self.workers.load(Ordering::Relaxed);
        while workers < count {
            let builder = thread::Builder::new().name(format!("crisol-{}", workers + 1));
            if builder.spawn(|| self.work()).is_err() {
                // The system gives no more threads: those at hand do the job.
                break;
            }
            workers += 1;
            self.workers.store(workers, Ordering::Relaxed);
        }
        workers.min(count)
    }

    /// Has a worker take up a task as soon as one is free; false if that may be never.
    pub(crate) fn offer(&'static self, task: &Task, limit: usize) -> bool {
        if self.busy.swap(true, Ordering::Acquire) {
            return false;
        }
        let workers = self.hire(limit - 1);
        self.busy.store(false, Ordering::Release);
        if workers == 0 || self.offers.is_waiting() {
            return false;
        }
        self.queue(task.clone());
        true
    }

    /// Has a worker take up a task as soon as one is free: there are some.
    pub(crate) fn queue(&self, task: Task) {
        self.offers.push(task);
        self.wake_all();
    }

    /// Works for a task until it is over; inside a chunk it only waits.
    ///
    /// Chunks of other callers are left alone: they may take long, and may want what this thread holds.
    pub(crate) fn help(&self, task: usize, is_over: &dyn Fn() -> bool) {
        let serves = !is_inside();
        let is_its = || serves && self.is_open() && self.owner.load(Ordering::Relaxed) == task;
        let _flush = FlushDenormals::new();
        loop {
            self.wait_until(&|| is_over() || is_its());
            if is_over() {
                return;
            }
            if self.take_seat() {
                INSIDE.set(true);
                // Another job may have been opened in between.
                self.serve(|| self.owner.load(Ordering::Relaxed) == task);
                INSIDE.set(false);
            }
        }
    }

    /// Has all who wait look again at what they wait for.
    pub(crate) fn wake_all(&self) {
        if self.sleepers.load(Ordering::SeqCst) > 0 {
            drop(lock(&self.bed));
            self.wake.notify_all();
        }
    }

    /// A worker's life.
    fn work(&self) -> ! {
        INSIDE.set(true);
        let _flush = FlushDenormals::new();
        loop {
            self.wait_until(&|| self.is_open() || self.offers.is_any());
            if self.take_seat() {
                self.serve(|| true);
            } else if let Some(task) = self.offers.take() {
                INSIDE.set(false);
                task.run();
                INSIDE.set(true);
            }
        }
    }

    /// Takes part in the open job, in which a seat was taken, if it is wanted.
    fn serve(&self, is_wanted: impl FnOnce() -> bool) {
        // SAFETY: a seat was taken, so the job stays put until this thread counts itself finished.
        let job = unsafe { *self.job.get() };
        if is_wanted() {
            self.claim_chunks(job, End::Last);
        }
        self.finished.fetch_add(1, Ordering::SeqCst);
        if self.caller_sleeps.load(Ordering::SeqCst) {
            drop(lock(&self.caller_bed));
            self.caller_wake.notify_one();
        }
    }

    /// Waits for a condition that somebody makes true before [`Pool::wake_all`] or by opening a job.
    fn wait_until(&self, condition: &dyn Fn() -> bool) {
        if condition() || self.spin_until(condition) {
            return;
        }
        let mut bed = lock(&self.bed);
        self.sleepers.fetch_add(1, Ordering::SeqCst);
        while !condition() {
            bed = self.wake.wait(bed).unwrap_or_else(PoisonError::into_inner);
        }
        self.sleepers.fetch_sub(1, Ordering::SeqCst);
    }

    /// Whether there is a job with a free seat.
    fn is_open(&self) -> bool {
        self.gate.load(Ordering::SeqCst) & SEATS > 0
    }

    fn take_seat(&self) -> bool {
        let mut gate = self.gate.load(Ordering::SeqCst);
        while gate & SEATS > 0 {
            let taken = gate - 1 + (1 << SEAT_BITS);
            match self.gate.compare_exchange_weak(gate, taken, Ordering::SeqCst, Ordering::SeqCst) {
                Ok(_) => return true,
                Err(now) => gate = now,
            }
        }
        false
    }
}

pub(crate) fn pool() -> &'static Pool {
    static POOL: OnceLock<Pool> = OnceLock::new();
    POOL.get_or_init(Pool::new)
}

struct Leave<'a>(&'a AtomicUsize);

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
