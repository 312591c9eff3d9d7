//! Work that is given away: a worker of the pool does it, while whoever gave it away goes on.
//!
//! Who needs the result waits, and helps meanwhile: a task that no worker has begun is done by the waiting thread, and of one that is
//! under way it takes chunks like any worker. A task may be queued behind another, so that the workers go from one to the next without
//! waiting for whoever gives them away.

use crate::denormals::FlushDenormals;
use crate::inline::{Panic, lock};
use crate::pool::{is_inside, pool};
use crate::threads::{threads, with_threads};
use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// Something to be done by another thread, and waited for.
///
/// ```
/// use std::sync::{Arc, Mutex};
///
/// let sum = Arc::new(Mutex::new(0));
/// let task = crisol_kernels::Task::new();
/// let result = Arc::clone(&sum);
/// task.start(move || *result.lock().unwrap() = (1..=10).sum());
/// task.wait();
/// assert_eq!(*sum.lock().unwrap(), 55);
/// ```
#[derive(Clone)]
pub struct Task(Arc<Shared>);

const PANICKED: &str = "the computation of this value panicked";

type Work = Box<dyn FnOnce() + Send>;

struct Shared {
    /// Until somebody begins it.
    work: Mutex<Option<Work>>,
    /// What has to be done before it, until it is begun.
    previous: Mutex<Option<Task>>,
    /// What waits for its end; `is_done` changes under this lock.
    end: Mutex<End>,
    is_started: AtomicBool,
    is_done: AtomicBool,
    /// What the work panicked with, until somebody was told.
    panic: Mutex<Option<Panic>>,
    has_panicked: AtomicBool,
}

#[derive(Default)]
struct End {
    /// The task that is queued behind it.
    next: Option<Task>,
    /// What it may still be using.
    kept: Vec<Box<dyn Send>>,
}

thread_local! {
    /// The number of the task whose work this thread is doing, 0 if it does none.
    static DOING: Cell<usize> = const { Cell::new(0) };
    /// The task that this thread gave away last.
    static AWAY: RefCell<Option<Task>> = const { RefCell::new(None) };
}

impl Task {
    /// A task that has yet to be [started](Task::start), so that others may be told of it before.
    pub fn new() -> Task {
        Task(Arc::new(Shared {
            work: Mutex::new(None),
            previous: Mutex::new(None),
            end: Mutex::new(End::default()),
            is_started: AtomicBool::new(false),
            is_done: AtomicBool::new(false),
            panic: Mutex::new(None),
            has_panicked: AtomicBool::new(false),
        }))
    }

    /// Gives the work away, to be done once, with [`threads`] as it is here.
    ///
    /// It is done at once and in place where nobody could do it meanwhile: when `threads` is 1, inside a chunk that shares its loop with
    /// other threads, while the pool serves another thread, or while an earlier task of this thread is under way. Until it is done, loops
    /// of this thread run in place: the other threads are the task's. Denormal numbers count as zero in the work, whoever does it.
    ///
    /// # Panics
    /// When the work panics in place, and when the task was started before.
    pub fn start(&self, work: impl FnOnce() + Send + 'static) {
        let limit = self.set_work(work);
        if limit < 2 || is_inside() || is_away() || !pool().offer(self, limit) {
            return self.wait();
        }
        self.note_away();
    }

    /// Gives the work away, to be begun when another task is done: [at once](Task::start) if it is, by a worker as soon as one is free if it
    /// is not. In place after the other task, when `threads` is 1 and inside a chunk. If the other task panicked, so does this one.
    ///
    /// # Panics
    /// As [`Task::start`], and when another one was queued behind the other task before.
    ///
    /// ```
    /// use std::sync::{Arc, Mutex};
    ///
    /// let numbers = Arc::new(Mutex::new(Vec::new()));
    /// let (first, second) = (crisol_kernels::Task::new(), crisol_kernels::Task::new());
    /// let (for_first, for_second) = (Arc::clone(&numbers), Arc::clone(&numbers));
    /// first.start(move || for_first.lock().unwrap().push(1));
    /// second.start_after(&first, move || for_second.lock().unwrap().push(2));
    /// second.wait();
    /// assert_eq!(*numbers.lock().unwrap(), [1, 2]);
    /// ```
    pub fn start_after(&self, previous: &Task, work: impl FnOnce() + Send + 'static) {
        let before = previous.clone();
        let work = move || {
            // It is done by now. What it panicked with is for those who wait for it.
            assert!(!before.0.has_panicked.load(Ordering::Relaxed), "{PANICKED}");
            work();
        };
        let mut end = lock(&previous.0.end);
        if previous.is_done() {
            drop(end);
            return self.start(work);
        }
        assert!(end.next.is_none(), "one task at most is queued behind another");
        *lock(&self.0.previous) = Some(previous.clone());
        if self.set_work(work) < 2 || is_inside() {
            drop(end);
            return self.wait();
        }
        end.next = Some(self.clone());
        drop(end);
        self.note_away();
    }

    /// Drops a value, but not before the work is done: for what it may still be using.
    pub fn keep(&self, value: impl Send + 'static) {
        let mut end = lock(&self.0.end);
        if !self.is_done() {
            end.kept.push(Box::new(value));
        }
    }

    /// Whether the work is done.
    #[inline]
    pub fn is_done(&self) -> bool {
        self.0.is_done.load(Ordering::SeqCst)
    }

    /// Whether both are the same task.
    pub fn is(&self, other: &Task) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Returns when the work is done. This thread does it if no other has begun it, and takes chunks of its loops if one has. A task that
    /// nobody has started yet is waited for as well.
    ///
    /// # Panics
    /// When the work did: its panic goes on in the first thread that waits, and others say that there was one.
    #[inline]
    pub fn wait(&self) {
        if !self.is_done() {
            self.finish();
        }
        if self.0.has_panicked.load(Ordering::Relaxed) {
            self.tell();
        }
    }

    /// Takes chunks of its loops until it is done or in a [`solo`], where it needs no help for a while; returns at once if nobody has begun it.
    pub fn help(&self) {
        let is_begun = self.0.is_started.load(Ordering::Relaxed) && self.is_begun();
        if is_begun {
            let (pool, number) = (pool(), self.number());
            pool.help(number, &|| self.is_done() || pool.solo.load(Ordering::SeqCst) == number);
        }
    }

    /// Whether somebody has begun it.
    pub(crate) fn is_begun(&self) -> bool {
        lock(&self.0.work).is_none()
    }

    /// Returns when the work is done, whether it panicked or not: whoever [waits](Task::wait) is told.
    pub fn finish(&self) {
        let previous = lock(&self.0.previous).clone();
        if let Some(previous) = previous
            && !previous.is_done()
        {
            previous.finish();
        }
        if !self.run() {
            pool().help(self.number(), &|| self.is_done());
        }
    }

    /// Does the work, unless another thread has begun it. What it is queued behind is done.
    pub(crate) fn run(&self) -> bool {
        let Some(work) = lock(&self.0.work).take() else { return false };
        lock(&self.0.previous).take();
        // Whoever does a task has nothing away meanwhile: the loops in it are for all threads.
        let away = AWAY.try_with(RefCell::take).ok().flatten();
        let outer = DOING.replace(self.number());
        let result = {
            let _flush = FlushDenormals::new();
            panic::catch_unwind(AssertUnwindSafe(work))
        };
        DOING.set(outer);
        if let Err(payload) = result {
            *lock(&self.0.panic) = Some(payload);
            self.0.has_panicked.store(true, Ordering::Relaxed);
        }
        let _ = AWAY.try_with(|note| note.replace(away.filter(|task| task.number() != self.number())));
        let End { next, kept } = {
            let mut end = lock(&self.0.end);
            self.0.is_done.store(true, Ordering::SeqCst);
            std::mem::take(&mut *end)
        };
        if let Some(next) = next {
            pool().queue(next);
        }
        pool().wake_all();
        drop(kept);
        true
    }

    /// Takes the work in, to be done with [`threads`] as it is here; returns these.
    fn set_work(&self, work: impl FnOnce() + Send + 'static) -> usize {
        assert!(!self.0.is_started.swap(true, Ordering::Relaxed), "a task is started once");
        let limit = threads();
        *lock(&self.0.work) = Some(Box::new(move || with_threads(limit, work)));
        limit
    }

    /// Notes that this thread has given it away.
    fn note_away(&self) {
        // A thread that is ending keeps no note of it: then its loops may wait for the pool.
        let _ = AWAY.try_with(|away| away.replace(Some(self.clone())));
    }

    /// Distinguishes the task from all others that live, and from none.
    fn number(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }

    #[cold]
    fn tell(&self) {
        match lock(&self.0.panic).take() {
            Some(payload) => panic::resume_unwind(payload),
            None => panic!("{PANICKED}"),
        }
    }
}

impl Default for Task {
    fn default() -> Task {
        Task::new()
    }
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_done() { "Task(done)" } else { "Task(under way)" })
    }
}

/// Does something that keeps one thread busy for a while: who [helps](Task::help) this thread's task has time for something else.
///
/// ```
/// use crisol_kernels::{Task, parallel_for, solo};
///
/// let task = Task::new();
/// task.start(|| {
///     parallel_for(8, &|_chunk| ());
///     solo(|| ());
/// });
/// task.help(); // with the loop, if it is in it; then there may be time for something else
/// task.wait();
/// ```
pub fn solo<R>(body: impl FnOnce() -> R) -> R {
    let pool = pool();
    // One number is enough: of two tasks that are in a solo at once, one is helped to its end.
    pool.solo.store(doing(), Ordering::SeqCst);
    pool.wake_all();
    let result = body();
    pool.solo.store(0, Ordering::SeqCst);
    result
}

/// The number of the task whose work this thread is doing, 0 if it does none.
pub(crate) fn doing() -> usize {
    DOING.get()
}

/// Whether this thread has given work away that is not done.
pub(crate) fn is_away() -> bool {
    let under_way = |away: &RefCell<Option<Task>>| away.borrow().as_ref().is_some_and(|task| !task.is_done());
    AWAY.try_with(under_way).unwrap_or(false)
}
