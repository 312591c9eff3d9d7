//! Elements chosen by index along an axis, and added up by index: embedding lookups and their gradient.

use crate::concatenate::copy;
use crate::error::{GeometryError, check_length, checked_product};
use crate::operand::prefetch_lines;
use crate::pool::parallel_for;
use crate::shared::SharedSlice;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Elements that one chunk moves.
const BLOCK: usize = 16 << 10;
/// Chunks that are wanted come in multiples of this number; of few long rows there may be fewer.
const EVEN: usize = 8;
/// Bytes of the next row that are asked for while one is copied: rows in any order are what no processor foresees, the rest
/// of a long one is.
const FETCHED: usize = 4 << 10;
/// Indices that one chunk checks.
const CHECKED: usize = 64 << 10;

/// What is chosen from what: elements `[outer, size, inner]`, indices `[outer or 1, count, inner or 1]`, chosen ones
/// `[outer, count, inner]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Choice {
    /// Independent choices.
    pub outer: usize,
    /// Elements along the axis that indices number.
    pub size: usize,
    /// Elements that lie beside each other, each with an index of its own unless shared.
    pub inner: usize,
    /// Elements chosen along the axis.
    pub count: usize,
    /// Whether the indices are the same for all of `outer`.
    pub shared_outer: bool,
    /// Whether an index stands for all of `inner`.
    pub shared_inner: bool,
}

/// Why nothing was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChoiceError {
    /// Sizes and lengths that do not fit.
    Geometry(GeometryError),
    /// An index that names no element, and its place among the indices.
    Index {
        /// The index.
        index: i64,
        /// Its place among the indices, in order.
        place: usize,
    },
}

impl fmt::Display for ChoiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ChoiceError::Geometry(error) => error.fmt(f),
            ChoiceError::Index { index, place } => write!(f, "index {index} at place {place} is out of range"),
        }
    }
}

impl std::error::Error for ChoiceError {}

impl From<GeometryError> for ChoiceError {
    fn from(error: GeometryError) -> ChoiceError {
        ChoiceError::Geometry(error)
    }
}

/// Types of indices: `u8`, `i32` and `i64`; negative ones count from the end.
pub trait Index: private::Sealed + Copy + Send + Sync {
    /// The index as a number.
    fn number(self) -> i64;
}

/// Types of sums: `f32`, `f64`, and `i32`, `i64`, which wrap.
pub trait Additive: private::Sealed + Copy + Send + Sync {
    /// What sums start from.
    const ZERO: Self;
    /// The sum.
    #[must_use]
    fn plus(self, other: Self) -> Self;
    /// What running sums are kept in: `f64` for `f32`.
    type Wide: Copy + Send + Sync;
    /// The number as one of these.
    fn widen(self) -> Self::Wide;
    /// The sum of these.
    fn plus_wide(a: Self::Wide, b: Self::Wide) -> Self::Wide;
    /// The nearest number of this type.
    fn narrow(wide: Self::Wide) -> Self;
}

mod private {
    pub trait Sealed {}
    impl Sealed for u8 {}
    impl Sealed for i32 {}
    impl Sealed for i64 {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

macro_rules! index {
    ($($ty:ty),*) => {$(
        impl Index for $ty {
            #[inline(always)]
            fn number(self) -> i64 {
                i64::from(self)
            }
        }
    )*};
}
index!(u8, i32, i64);

macro_rules! additive {
    ($($ty:ty, $wide:ty, $plus:expr, $plus_wide:expr;)*) => {$(
        impl Additive for $ty {
            const ZERO: Self = 0 as $ty;
            #[inline(always)]
            fn plus(self, other: Self) -> Self {
                $plus(self, other)
            }
            type Wide = $wide;
            #[inline(always)]
            fn widen(self) -> $wide {
                <$wide>::from(self)
            }
            #[inline(always)]
            fn plus_wide(a: $wide, b: $wide) -> $wide {
                $plus_wide(a, b)
            }
            #[inline(always)]
            fn narrow(wide: $wide) -> Self {
                wide as $ty
            }
        }
    )*};
}
additive! {
    f32, f64, |a: f32, b: f32| a + b, |a: f64, b: f64| a + b;
    f64, f64, |a: f64, b: f64| a + b, |a: f64, b: f64| a + b;
    i32, i32, i32::wrapping_add, i32::wrapping_add;
    i64, i64, i64::wrapping_add, i64::wrapping_add;
}

impl Choice {
    fn check<I: Index>(&self, elements: usize, indices: &[I], chosen: usize) -> Result<(), ChoiceError> {
        let index_outer = if self.shared_outer { 1 } else { self.outer };
        let index_inner = if self.shared_inner { 1 } else { self.inner };
        check_length("elements", elements, checked_product("elements", &[self.outer, self.size, self.inner])?)?;
        let expected = checked_product("indices", &[index_outer, self.count, index_inner])?;
        check_length("indices", indices.len(), expected)?;
        check_length("chosen", chosen, checked_product("chosen", &[self.outer, self.count, self.inner])?)?;
        let size = self.size as i64;
        let first = AtomicUsize::new(usize::MAX);
        parallel_for(indices.len().div_ceil(CHECKED), &|chunk| {
            let start = chunk * CHECKED;
            let indices = &indices[start..(start + CHECKED).min(indices.len())];
            // Without a way out the comparison of all of them is one loop of vectors.
            let fine = indices.iter().fold(true, |fine, index| fine & (-size..size).contains(&index.number()));
            if !fine && let Some(place) = indices.iter().position(|index| !(-size..size).contains(&index.number())) {
                first.fetch_min(start + place, Ordering::Relaxed);
            }
        });
        let place = first.into_inner();
        indices.get(place).map_or(Ok(()), |index| Err(ChoiceError::Index { index: index.number(), place }))
    }

    /// The indices of one row of chosen elements: one, or one an element.
    #[inline(always)]
    fn indices_of<'a, I>(&self, indices: &'a [I], outer: usize, count: usize) -> &'a [I] {
        let run = if self.shared_inner { 1 } else { self.inner };
        let outer = if self.shared_outer { 0 } else { outer };
        &indices[(outer * self.count + count) * run..][..run]
    }

    /// An index, which the check has found valid, as a number from 0.
    #[inline(always)]
    fn resolve<I: Index>(&self, index: I) -> usize {
        let number = index.number();
        (if number < 0 { number + self.size as i64 } else { number }) as usize
    }
}

/// `out[o, m, i] = x[o, indices[o, m, i], i]`. Elements may be of any type.
///
/// # Errors
/// When a slice has another length than the choice says, or an index is out of range: the first one is reported.
///
/// ```
/// use crisol_kernels::{Choice, gather};
///
/// let rows = Choice { outer: 1, size: 3, inner: 2, count: 2, shared_outer: true, shared_inner: true };
/// let mut out = [' '; 4];
/// gather(&rows, &['a', 'b', 'c', 'd', 'e', 'f'], &[2, -3], &mut out)?;
/// assert_eq!(out, ['e', 'f', 'a', 'b']);
/// # Ok::<(), crisol_kernels::ChoiceError>(())
/// ```
pub fn gather<T: Copy + Send + Sync, I: Index>(
    choice: &Choice,
    x: &[T],
    indices: &[I],
    out: &mut [T],
) -> Result<(), ChoiceError> {
    choice.check(x.len(), indices, out.len())?;
    if out.is_empty() {
        return Ok(());
    }
    let Choice { outer, size, inner, count, shared_inner, .. } = *choice;
    let rows = outer * count;
    // Chunks as equal as rows allow, in numbers that threads share evenly: a last one of a few rows would leave a thread with twice the work of another.
    let chunks = match rows.div_ceil(BLOCK.div_ceil(inner)) {
        1 => 1,
        several => several.next_multiple_of(EVEN),
    };
    let block = rows.div_ceil(chunks);
    let shared = SharedSlice::new(out);
    parallel_for(rows.div_ceil(block), &|chunk| {
        let range = chunk * block..((chunk + 1) * block).min(rows);
        // SAFETY: chunks are disjoint ranges of rows.
        let out = unsafe { shared.range(range.start * inner..range.end * inner) };
        let mut rows = out.chunks_exact_mut(inner);
        let mut start = range.start;
        while start < range.end {
            // The rows of one outer place at a time: what they choose from stays the same.
            let (o, first) = (start / count, start % count);
            let last = count.min(first + range.end - start);
            let x = &x[o * size * inner..][..size * inner];
            if inner == 1 {
                let indices = &indices[if choice.shared_outer { 0 } else { o * count }..][first..last];
                // The indices first: what ends a zip must not be what has already taken a row.
                for (&index, out) in indices.iter().zip(rows.by_ref().flatten()) {
                    *out = x[choice.resolve(index)];
                }
            } else {
                for (m, out) in (first..last).zip(rows.by_ref()) {
                    let run = choice.indices_of(indices, o, m);
                    if shared_inner {
                        if m + 1 < last {
                            let next = choice.resolve(choice.indices_of(indices, o, m + 1)[0]);
                            prefetch_lines(x[next * inner..].as_ptr(), inner.min(FETCHED / size_of::<T>().max(1)));
                        }
                        copy(&x[choice.resolve(run[0]) * inner..][..inner], out);
                        continue;
                    }
                    for (i, (out, &index)) in out.iter_mut().zip(run).enumerate() {
                        *out = x[choice.resolve(index) * inner + i];
                    }
                }
            }
            start += last - first;
        }
    });
    Ok(())
}

/// `out[o, n, i] = sum of updates[o, m, i] over the m with indices[o, m, i] = n`, added in the order of the indices.
///
/// # Errors
/// When a slice has another length than the choice says, or an index is out of range: the first one is reported.
///
/// ```
/// use crisol_kernels::{Choice, scatter_add};
///
/// let counts = Choice { outer: 1, size: 3, inner: 1, count: 4, shared_outer: true, shared_inner: true };
/// let mut out = [0; 3];
/// scatter_add(&counts, &[2_u8, 0, 2, 2], &[1, 1, 1, 1], &mut out)?;
/// assert_eq!(out, [1, 0, 3]);
/// # Ok::<(), crisol_kernels::ChoiceError>(())
/// ```
pub fn scatter_add<T: Additive, I: Index>(
    choice: &Choice,
    indices: &[I],
    updates: &[T],
    out: &mut [T],
) -> Result<(), ChoiceError> {
    /// Chunks wanted when there are few independent choices.
    const CHUNKS: usize = 16;
    /// Elements an index from which other chunks' indices may be looked at in vain.
    const WORTH: usize = 8;
    choice.check(out.len(), indices, updates.len())?;
    if out.is_empty() {
        return Ok(());
    }
    let Choice { outer, size, inner, count, shared_inner, .. } = *choice;
    // Each chunk owns a band of places and looks at all indices for those that fall into it: no sum has two owners, so
    // that any cut gives the same bits.
    let work = out.len() + updates.len();
    let bands = if work < 2 * BLOCK || inner < WORTH { 1 } else { CHUNKS.div_ceil(outer).min(size) };
    let outers = if work < 2 * BLOCK { outer } else { 1 };
    let band = size.div_ceil(bands);
    let bands = size.div_ceil(band);
    let shared = SharedSlice::new(out);
    parallel_for(outer.div_ceil(outers) * bands, &|chunk| {
        let (group, first) = (chunk / bands, chunk % bands * band);
        let end = (first + band).min(size);
        for o in group * outers..((group + 1) * outers).min(outer) {
            // SAFETY: chunks own disjoint bands of disjoint choices.
            let out = unsafe { shared.range((o * size + first) * inner..(o * size + end) * inner) };
            out.fill(T::ZERO);
            for m in 0..count {
                let updates = &updates[(o * count + m) * inner..][..inner];
                let indices = choice.indices_of(indices, o, m);
                if shared_inner {
                    let place = choice.resolve(indices[0]);
                    if (first..end).contains(&place) {
                        let sums = &mut out[(place - first) * inner..][..inner];
                        for (sum, &update) in sums.iter_mut().zip(updates) {
                            *sum = sum.plus(update);
                        }
                    }
                } else {
                    for (i, (&update, &index)) in updates.iter().zip(indices).enumerate() {
                        let place = choice.resolve(index);
                        if (first..end).contains(&place) {
                            let sum = &mut out[(place - first) * inner + i];
                            *sum = sum.plus(update);
                        }
                    }
                }
            }
        }
    });
    Ok(())
}
