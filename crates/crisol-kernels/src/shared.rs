//! A mutable slice that chunks of one parallel call share, each writing places of its own.

use std::marker::PhantomData;
use std::ops::Range;

/// A slice whose disjoint parts are written by different threads.
#[derive(Clone, Copy)]
pub(crate) struct SharedSlice<'a, T> {
    start: *mut T,
    length: usize,
    borrow: PhantomData<&'a mut [T]>,
}

// SAFETY: it is a borrow of a `&mut [T]`; what each thread may touch is the contract of `range`.
unsafe impl<T: Send> Send for SharedSlice<'_, T> {}
// SAFETY: as above; a shared reference gives no access without the unsafe `range`.
unsafe impl<T: Send> Sync for SharedSlice<'_, T> {}

impl<'a, T> SharedSlice<'a, T> {
    pub(crate) fn new(slice: &'a mut [T]) -> Self {
        Self { start: slice.as_mut_ptr(), length: slice.len(), borrow: PhantomData }
    }

    /// A part of the slice.
    ///
    /// # Panics
    /// When the range leaves the slice.
    ///
    /// # Safety
    /// No two live parts may overlap.
    #[inline]
    pub(crate) unsafe fn range(&self, range: Range<usize>) -> &'a mut [T] {
        assert!(range.start <= range.end && range.end <= self.length, "part outside the slice");
        // SAFETY: inside the borrowed slice by the check, unaliased by the caller's promise.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(range.start), range.len()) }
    }

    /// The address of an element, for kernels that write strided blocks.
    ///
    /// # Panics
    /// When `index` is beyond the end.
    #[inline]
    pub(crate) fn pointer(&self, index: usize) -> *mut T {
        assert!(index <= self.length, "place outside the slice");
        // SAFETY: inside the borrowed slice or one past its end.
        unsafe { self.start.add(index) }
    }
}
