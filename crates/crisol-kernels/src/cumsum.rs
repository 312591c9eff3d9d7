//! Running sums along an axis.

use crate::error::{GeometryError, check_length, checked_product};
use crate::gather::Additive;
use crate::pool::parallel_for;
use crate::shared::SharedSlice;

/// Running sums along the middle axis of `[outer, size, inner]`, from its end if `reverse`. `f32` is summed in double
/// precision.
///
/// # Errors
/// When a slice has another length than the sizes say.
///
/// ```
/// let mut out = [0; 4];
/// crisol_kernels::cumsum([2, 2, 1], false, &[1, 2, 3, 4], &mut out)?;
/// assert_eq!(out, [1, 3, 3, 7]);
/// # Ok::<(), crisol_kernels::GeometryError>(())
/// ```
pub fn cumsum<T: Additive>(
    [outer, size, inner]: [usize; 3],
    reverse: bool,
    x: &[T],
    out: &mut [T],
) -> Result<(), GeometryError> {
    /// Lanes that run beside each other.
    const COLUMNS: usize = 256;
    /// Elements worth waking someone for.
    const BLOCK: usize = 16 << 10;
    let length = checked_product("x", &[outer, size, inner])?;
    check_length("x", x.len(), length)?;
    check_length("out", out.len(), length)?;
    if length == 0 {
        return Ok(());
    }
    let columns = inner.min(COLUMNS);
    let blocks = inner.div_ceil(columns);
    let group = BLOCK.div_ceil(size * columns);
    let tasks = outer * blocks;
    let shared = SharedSlice::new(out);
    parallel_for(tasks.div_ceil(group), &|chunk| {
        let mut sums = vec![T::ZERO.widen(); columns];
        for task in chunk * group..((chunk + 1) * group).min(tasks) {
            let (o, first) = (task / blocks, task % blocks * columns);
            if inner == 1 {
                // SAFETY: each task writes its own lane.
                let out = unsafe { shared.range(o * size..(o + 1) * size) };
                let lane = x[o * size..(o + 1) * size].iter().zip(out);
                let mut sum = T::ZERO.widen();
                let mut step = |(x, out): (&T, &mut T)| {
                    sum = T::plus_wide(sum, x.widen());
                    *out = T::narrow(sum);
                };
                if reverse {
                    lane.rev().for_each(&mut step)
                } else {
                    lane.for_each(&mut step)
                }
                continue;
            }
            let width = columns.min(inner - first);
            let sums = &mut sums[..width];
            sums.fill(T::ZERO.widen());
            for step in 0..size {
                let place = if reverse { size - 1 - step } else { step };
                let start = (o * size + place) * inner + first;
                // SAFETY: each task writes the rows of its own columns.
                let out = unsafe { shared.range(start..start + width) };
                for ((out, sum), &x) in out.iter_mut().zip(&mut *sums).zip(&x[start..start + width]) {
                    *sum = T::plus_wide(*sum, x.widen());
                    *out = T::narrow(*sum);
                }
            }
        }
    });
    Ok(())
}
