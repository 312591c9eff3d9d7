//! Where the memory of tensors comes from, and where it goes.
//!
//! The first touch of fresh memory costs several times a reuse, so freed storage goes to a bounded process-wide list by
//! size class. Storage is zeroed when it first comes from the system and never holds undefined bytes.
//!
//! Large storage asks for large pages: a loop over memory then looks up one address in 2 MB instead of 512.

use rustc_hash::FxHashMap;
use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::ptr::NonNull;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

/// Alignment of every buffer in bytes: a cache line, and the widest vector register.
pub const ALIGNMENT: usize = 64;
/// Bytes of freed storage that the process keeps at most.
const KEPT_BYTES: usize = 512 << 20;
/// Bytes of a large page, on x86-64 and on 64-bit ARM with pages of 4 kB.
const LARGE_PAGE: usize = 2 << 20;

/// What the process has taken from the system for buffers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statistics {
    /// How often memory was asked of the system.
    pub allocations: u64,
    /// Bytes taken from the system and not returned: in use or kept.
    pub held_bytes: usize,
    /// Bytes freed and kept for reuse.
    pub kept_bytes: usize,
}

/// What the process has taken from the system for buffers so far.
pub fn statistics() -> Statistics {
    lock().statistics
}

/// Memory of one of the size classes, given back to the list when dropped.
pub(crate) struct Storage {
    start: NonNull<u8>,
    capacity: usize,
}

// SAFETY: the memory is owned, and shared access only reads.
unsafe impl Send for Storage {}
// SAFETY: as above.
unsafe impl Sync for Storage {}

impl Storage {
    /// Storage of at least so many bytes, with whatever it was left with.
    pub(crate) fn take(bytes: usize) -> Storage {
        let capacity = capacity(bytes);
        let mut list = lock();
        if let Some(class) = list.classes.get_mut(&capacity)
            && let Some(kept) = class.kept.pop()
        {
            list.statistics.kept_bytes -= capacity;
            return Storage { start: kept.0, capacity };
        }
        list.statistics.allocations += 1;
        list.statistics.held_bytes += capacity;
        drop(list);
        let layout = layout(capacity);
        // SAFETY: a size class is never 0.
        let start = unsafe { alloc(layout) };
        let Some(start) = NonNull::new(start) else { handle_alloc_error(layout) };
        if capacity >= LARGE_PAGE {
            advise_large_pages(start, capacity);
        }
        // SAFETY: the memory has just been given to us, and has as many bytes.
        unsafe { start.write_bytes(0, capacity) };
        Storage { start, capacity }
    }

    /// No bytes at all.
    pub(crate) fn none() -> Storage {
        Storage { start: NonNull::dangling(), capacity: 0 }
    }

    /// The first byte.
    pub(crate) fn start(&self) -> *mut u8 {
        self.start.as_ptr()
    }
}

impl Drop for Storage {
    fn drop(&mut self) {
        if self.capacity > 0 {
            lock().give(Start(self.start), self.capacity);
        }
    }
}

struct Start(NonNull<u8>);

// SAFETY: memory without an owner.
unsafe impl Send for Start {}

#[derive(Default)]
struct Class {
    kept: Vec<Start>,
    last_use: u64,
}

struct FreeList {
    classes: FxHashMap<usize, Class>,
    clock: u64,
    statistics: Statistics,
}

impl FreeList {
    fn give(&mut self, start: Start, capacity: usize) {
        if capacity > KEPT_BYTES {
            return self.release(start, capacity);
        }
        while self.statistics.kept_bytes + capacity > KEPT_BYTES {
            let oldest = self.classes.iter_mut().filter(|(_, class)| !class.kept.is_empty());
            let Some((&size, class)) = oldest.min_by_key(|(_, class)| class.last_use) else { break };
            if let Some(start) = class.kept.pop() {
                self.statistics.kept_bytes -= size;
                self.release(start, size);
            }
        }
        self.clock += 1;
        let class = self.classes.entry(capacity).or_default();
        class.last_use = self.clock;
        class.kept.push(start);
        self.statistics.kept_bytes += capacity;
    }

    fn release(&mut self, start: Start, capacity: usize) {
        self.statistics.held_bytes -= capacity;
        // SAFETY: allocated with this layout, and nobody owns it any more.
        unsafe { dealloc(start.0.as_ptr(), layout(capacity)) };
    }
}

fn lock() -> MutexGuard<'static, FreeList> {
    static LIST: LazyLock<Mutex<FreeList>> = LazyLock::new(|| {
        Mutex::new(FreeList {
            classes: FxHashMap::default(),
            clock: 0,
            statistics: Statistics { allocations: 0, held_bytes: 0, kept_bytes: 0 },
        })
    });
    // Every change keeps the list consistent, so a poisoned lock is as good as any.
    LIST.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The size class: eight to a power of two, multiples of the alignment.
fn capacity(bytes: usize) -> usize {
    let bytes = bytes.max(ALIGNMENT);
    let step = (bytes.next_power_of_two() / 16).max(ALIGNMENT);
    bytes.checked_next_multiple_of(step).unwrap_or(bytes)
}

fn layout(capacity: usize) -> Layout {
    let alignment = if capacity >= LARGE_PAGE { LARGE_PAGE } else { ALIGNMENT };
    // Sizes beyond the address space cannot be laid out: let the allocator's own error speak.
    Layout::from_size_align(capacity, alignment)
        .unwrap_or_else(|_| handle_alloc_error(Layout::new::<[u8; ALIGNMENT]>()))
}

/// Asks for large pages before memory is touched for the first time. Where there are none it stays as it is.
fn advise_large_pages(start: NonNull<u8>, bytes: usize) {
    #[cfg(target_os = "linux")]
    // SAFETY: advice changes no byte of the memory, which is ours. It begins with a page; what is left of the last one is another's, whose
    // bytes do not change either.
    unsafe {
        libc::madvise(start.as_ptr().cast(), bytes, libc::MADV_HUGEPAGE);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (start, bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn size_classes_waste_little() {
        for bytes in [0, 1, 64, 65, 1000, 4097, 100_000, 1 << 20, (1 << 20) + 1] {
            let capacity = capacity(bytes);
            assert!(capacity >= bytes && capacity.is_multiple_of(ALIGNMENT));
            assert!(capacity <= bytes + (bytes / 8).max(ALIGNMENT), "{bytes}: {capacity}");
        }
    }

    #[test]
    fn storage_is_aligned_and_zero_at_first() {
        // Sizes that nothing else in this process uses.
        for (bytes, alignment) in [(51_555, ALIGNMENT), (5_555_555, LARGE_PAGE)] {
            let storage = Storage::take(bytes);
            assert_eq!(storage.start().addr() % alignment, 0, "{bytes}");
            // SAFETY: it has at least as many bytes, and nobody else has it.
            let bytes = unsafe { std::slice::from_raw_parts(storage.start(), bytes) };
            assert!(bytes.iter().all(|&byte| byte == 0));
        }
    }

    #[test]
    fn the_list_is_bounded() {
        for size in 1..40 {
            drop(Storage::take(size * (40 << 20) / 8));
            assert!(statistics().kept_bytes <= KEPT_BYTES);
        }
    }
}
