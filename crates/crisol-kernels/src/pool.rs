//! One pool of threads for the whole process, and the parallel loop over chunks that everything runs on.
//!
//! A call publishes one job, takes part in it, and returns when all chunks are done. Workers wait for the next job
//! spinning for a few tens of microseconds, because kernels of one step follow each other closely, then they park.
//! Chunks are claimed from a counter: which thread runs which chunk is left to chance, what a chunk computes is not.

use crate::denormals::FlushDenormals;
use std::any::Any;
use std::cell::{Cell, UnsafeCell};
use std::hint;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How long a thread spins before it parks.
const SPIN: Duration = Duration::from_micros(40);
/// A gap between two looks at the clock that only being put aside by the scheduler explains.
const PREEMPTED: Duration = Duration::from_micros(200);
/// How many waits in a row go without spinning after such a gap.
const CALM_WAITS: usize = 64;
/// More threads than this are never started.
const MAX_THREADS: usize = 512;

/// Calls `body` once for every number below `chunks`, on the pool's threads and the caller's, and waits for all.
///
/// Small numbers are claimed first; nothing else is promised about order. A call from inside a chunk, or while another
/// thread's call occupies the pool, runs its chunks in place. Denormal numbers count as zero inside chunks.
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
    if limit <= 1 {
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

/// How many threads a call of [`parallel_for`] from here may use, the caller among them.
///
/// This is the limit set by [`with_threads`], else the environment variable `CRISOL_THREADS` read at first use, else the
/// number of cores.
pub fn threads() -> usize {
    match LIMIT.get() {
        0 => default_threads(),
        limit => limit,
    }
}

/// Calls `body` with [`threads`] set to `count` (at least 1) on this thread.
///
/// The count may exceed the cores. Results of the kernels do not depend on it, not even in the last bit.
///
/// ```
/// let inside = crisol_kernels::with_threads(3, crisol_kernels::threads);
/// assert_eq!(inside, 3);
/// ```
pub fn with_threads<R>(count: usize, body: impl FnOnce() -> R) -> R {
    struct Restore(usize);
    impl Drop for Restore {
        fn drop(&mut self) {
            LIMIT.set(self.0);
        }
    }
    let _restore = Restore(LIMIT.replace(count.clamp(1, MAX_THREADS)));
    body()
}

thread_local! {
    /// The limit of `with_threads`; 0 when none is set.
    static LIMIT: Cell<usize> = const { Cell::new(0) };
    /// Whether this thread is inside a chunk.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

type Panic = Box<dyn Any + Send>;

/// What the workers need to know of the call in progress.
#[derive(Clone, Copy)]
struct Job {
    body: *const (dyn Fn(usize) + Sync),
    chunks: usize,
}

struct Pool {
    /// Held by the one caller whose job the workers see.
    busy: AtomicBool,
    /// Low half: seats left in the open job; high half: workers that took one. Zero when no job is open.
    gate: AtomicUsize,
    job: UnsafeCell<Job>,
    next_chunk: AtomicUsize,
    /// Workers that have left the job.
    finished: AtomicUsize,
    /// The panic of the lowest chunk that panicked.
    panic: Mutex<Option<(usize, Panic)>>,
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

impl Pool {
    fn new() -> Self {
        Self {
            busy: AtomicBool::new(false),
            gate: AtomicUsize::new(0),
            job: UnsafeCell::new(Job { body: &|_| (), chunks: 0 }),
            next_chunk: AtomicUsize::new(0),
            finished: AtomicUsize::new(0),
            panic: Mutex::new(None),
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
        self.next_chunk.store(0, Ordering::Relaxed);
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
        self.claim_chunks(job);
        INSIDE.set(false);

        let joined = self.gate.swap(0, Ordering::SeqCst) >> SEAT_BITS;
        self.await_finish(joined);
        let panicked = lock(&self.panic).take();
        self.busy.store(false, Ordering::Release);
        if let Some((_, payload)) = panicked {
            panic::resume_unwind(payload);
        }
    }

    fn claim_chunks(&self, job: Job) {
        loop {
            let chunk = self.next_chunk.fetch_add(1, Ordering::Relaxed);
            if chunk >= job.chunks {
                return;
            }
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

    /// A worker's life.
    fn work(&self) -> ! {
        INSIDE.set(true);
        let _flush = FlushDenormals::new();
        loop {
            self.join();
            // SAFETY: a seat was taken, so the job stays put until this thread counts itself finished.
            let job = unsafe { *self.job.get() };
            self.claim_chunks(job);
            self.finished.fetch_add(1, Ordering::SeqCst);
            if self.caller_sleeps.load(Ordering::SeqCst) {
                drop(lock(&self.caller_bed));
                self.caller_wake.notify_one();
            }
        }
    }

    /// Waits for an open job with a free seat and takes it.
    fn join(&self) {
        let open = || self.gate.load(Ordering::SeqCst) & SEATS > 0;
        loop {
            if open() || self.spin_until(&open) {
                if self.take_seat() {
                    return;
                }
                continue;
            }
            let mut bed = lock(&self.bed);
            self.sleepers.fetch_add(1, Ordering::SeqCst);
            while !open() {
                bed = self.wake.wait(bed).unwrap_or_else(PoisonError::into_inner);
            }
            self.sleepers.fetch_sub(1, Ordering::SeqCst);
        }
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

fn pool() -> &'static Pool {
    static POOL: OnceLock<Pool> = OnceLock::new();
    POOL.get_or_init(Pool::new)
}

fn run_inline(chunks: usize, body: &(dyn Fn(usize) + Sync)) {
    let mut first = None;
    for chunk in 0..chunks {
        if let Err(payload) = panic::catch_unwind(AssertUnwindSafe(|| body(chunk))) {
            keep_lowest(&mut first, chunk, payload);
        }
    }
    if let Some((_, payload)) = first {
        panic::resume_unwind(payload);
    }
}

fn keep_lowest(kept: &mut Option<(usize, Panic)>, chunk: usize, payload: Panic) {
    if kept.as_ref().is_none_or(|(lowest, _)| chunk < *lowest) {
        *kept = Some((chunk, payload));
    }
}

fn default_threads() -> usize {
    static DEFAULT: OnceLock<usize> = OnceLock::new();
    *DEFAULT.get_or_init(|| {
        std::env::var("CRISOL_THREADS")
            .ok()
            .and_then(|text| text.trim().parse::<usize>().ok())
            .filter(|&count| count > 0)
            .unwrap_or_else(cores)
            .min(MAX_THREADS)
    })
}

fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// A lock whatever happened to its last holder: nothing guarded here can be left half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Leave<'a>(&'a AtomicUsize);

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
