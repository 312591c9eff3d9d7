//! How many threads loops may use.

use std::cell::Cell;
use std::sync::OnceLock;
use std::thread;

/// More threads than this are never started.
const MAX_THREADS: usize = 512;

thread_local! {
    /// The limit of `with_threads`; 0 when none is set.
    static LIMIT: Cell<usize> = const { Cell::new(0) };
}

/// How many threads a call of [`parallel_for`](crate::parallel_for) from here may use, the caller among them.
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

/// The cores that this process may use.
pub(crate) fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}
