//! Work that is given away: a worker of the pool does it, while whoever gave it away goes on.
//!
//! Who needs the result waits, and helps meanwhile: a task that no worker has begun is done by the waiting thread, and of one that is
//! under way it takes chunks like any worker.

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

type Work = Box<dyn FnOnce() + Send>;

struct Shared {
    /// Until somebody begins it.
    work: Mutex<Option<Work>>,
    is_started: AtomicBool,
    is_done: AtomicBool,
    /// What the work panicked with, until somebody was told.
    panic: Mutex<Option<Panic>>,
    has_panicked: AtomicBool,
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
        assert!(!self.0.is_started.swap(true, Ordering::Relaxed), "a task is started once");
        let limit = threads();
        let stays = limit < 2 || is_inside() || is_away();
        *lock(&self.0.work) = Some(Box::new(move || with_threads(limit, work)));
        if stays || !pool().offer(self, limit) {
            return self.wait();
        }
        // A thread that is ending keeps no note of it: then its loops may wait for the pool.
        let _ = AWAY.try_with(|away| away.replace(Some(self.clone())));
    }

    /// Whether the work is done.
    #[inline]
    pub fn is_done(&self) -> bool {
        self.0.is_done.load(Ordering::SeqCst)
    }

    /// Returns when the work is done. This thread does it if no other has begun it, and takes chunks of its loops if one has. A task that
    /// nobody has started yet is waited for as well.
    ///
    /// # Panics
    /// When the work did: its panic goes on in the first thread that waits, and others say that there was one.
    #[inline]
    pub fn wait(&self) {
        if !self.is_done() && !self.run() {
            pool().help(self.number(), &|| self.is_done());
        }
        if self.0.has_panicked.load(Ordering::Relaxed) {
            self.tell();
        }
    }

    /// Whether somebody has begun it.
    pub(crate) fn is_begun(&self) -> bool {
        lock(&self.0.work).is_none()
    }

    /// Does the work, unless another thread has begun it.
    pub(crate) fn run(&self) -> bool {
        let Some(work) = lock(&self.0.work).take() else { return false };
        // Whoever does its own task has nothing away any more: the loops in it are for all threads.
        let _ = AWAY.try_with(|away| away.borrow_mut().take_if(|task| task.number() == self.number()));
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
        self.0.is_done.store(true, Ordering::SeqCst);
        pool().wake_all();
        true
    }

    /// Distinguishes the task from all others that live, and from none.
    fn number(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }

    #[cold]
    fn tell(&self) {
        match lock(&self.0.panic).take() {
            Some(payload) => panic::resume_unwind(payload),
            None => panic!("the computation of this value panicked"),
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

/// The number of the task whose work this thread is doing, 0 if it does none.
pub(crate) fn doing() -> usize {
    DOING.get()
}

/// Whether this thread has given work away that is not done.
pub(crate) fn is_away() -> bool {
    let under_way = |away: &RefCell<Option<Task>>| away.borrow().as_ref().is_some_and(|task| !task.is_done());
    AWAY.try_with(under_way).unwrap_or(false)
}
