//! Slices joined row by row: the parts of a result along one axis.

use crate::error::{GeometryError, check_length, checked_product};
use crate::pool::parallel_for;
use crate::shared::SharedSlice;
use std::ops::Range;

/// Elements that one chunk copies.
const BLOCK: usize = 32 << 10;

/// `out[row] = parts[0][row], parts[1][row], ...`: every part holds `rows` rows of its own length.
///
/// # Errors
/// When a part does not divide into rows, or `out` has not the length of all parts.
///
/// ```
/// let mut out = [0; 6];
/// crisol_kernels::concatenate(2, &[&[1, 2], &[3, 4, 5, 6]], &mut out)?;
/// assert_eq!(out, [1, 3, 4, 2, 5, 6]);
/// # Ok::<(), crisol_kernels::GeometryError>(())
/// ```
pub fn concatenate<T: Copy + Send + Sync>(rows: usize, parts: &[&[T]], out: &mut [T]) -> Result<(), GeometryError> {
    let mut runs = Vec::with_capacity(parts.len());
    for part in parts {
        let run = part.len() / rows.max(1);
        check_length("a part", part.len(), checked_product("a part", &[rows, run])?)?;
        runs.push(run);
    }
    let row = runs.iter().sum::<usize>();
    check_length("out", out.len(), checked_product("out", &[rows, row])?)?;
    if out.is_empty() {
        return Ok(());
    }
    let length = out.len();
    let shared = SharedSlice::new(out);
    parallel_for(length.div_ceil(BLOCK), &|chunk| {
        let range = chunk * BLOCK..((chunk + 1) * BLOCK).min(length);
        // SAFETY: chunks are disjoint ranges.
        let out = unsafe { shared.range(range.clone()) };
        fill(parts, &runs, row, range, out);
    });
    Ok(())
}

/// Writes the elements of a range of the result.
fn fill<T: Copy>(parts: &[&[T]], runs: &[usize], row: usize, range: Range<usize>, mut out: &mut [T]) {
    let (mut number, mut within) = (range.start / row, range.start % row);
    loop {
        for (part, &run) in parts.iter().zip(runs) {
            if within >= run {
                within -= run;
                continue;
            }
            let from = &part[number * run + within..(number + 1) * run];
            within = 0;
            let count = from.len().min(out.len());
            let (now, rest) = out.split_at_mut(count);
            copy(&from[..count], now);
            out = rest;
            if out.is_empty() {
                return;
            }
        }
        number += 1;
    }
}

/// Copies a run; runs of a few elements are not worth a call to memcpy.
#[inline(always)]
pub(crate) fn copy<T: Copy>(from: &[T], to: &mut [T]) {
    if to.len() <= 16 {
        for (to, &from) in to.iter_mut().zip(from) {
            *to = from;
        }
    } else {
        to.copy_from_slice(from);
    }
}
