//! Tasks that wait for a worker.

use crate::inline::lock;
use crate::task::Task;
use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// Tasks that no worker has taken up, in their order; some may have been begun by those who wait for them.
pub(crate) struct Offers {
    list: Mutex<VecDeque<Task>>,
    /// Whether there are any, for workers that look at nothing else.
    is_any: AtomicBool,
}

impl Offers {
    pub(crate) fn new() -> Offers {
        Offers { list: Mutex::new(VecDeque::new()), is_any: AtomicBool::new(false) }
    }

    pub(crate) fn is_any(&self) -> bool {
        self.is_any.load(Ordering::SeqCst)
    }

    /// Whether one waits that nobody has begun.
    pub(crate) fn is_waiting(&self) -> bool {
        lock(&self.list).iter().any(|task| !task.is_begun())
    }

    pub(crate) fn push(&self, task: Task) {
        let mut list = lock(&self.list);
        list.push_back(task);
        self.is_any.store(true, Ordering::SeqCst);
    }

    pub(crate) fn take(&self) -> Option<Task> {
        if !self.is_any() {
            return None;
        }
        let mut list = lock(&self.list);
        let task = list.pop_front();
        self.is_any.store(!list.is_empty(), Ordering::SeqCst);
        task
    }
}
