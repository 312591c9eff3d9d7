//! Combining elements: over the columns in partial results, over the rows in order, and partials into one.

use super::block::Frame;
use crisol_ir::DType;
use crisol_ir::kernel::REDUCE_LANES;
use crisol_ir::primitive::Reduction;

/// A type that reductions compute in, with the memory type it is kept in.
trait Accumulator: Copy {
    const LOWEST: Self;
    const HIGHEST: Self;
    const ZERO: Self;
    const ONE: Self;
    fn plus(self, other: Self) -> Self;
    fn times(self, other: Self) -> Self;
    /// The larger one; NaN if either is.
    fn larger(self, other: Self) -> Self;
    /// The smaller one; NaN if either is.
    fn smaller(self, other: Self) -> Self;
}

macro_rules! accumulator {
    ($($ty:ty, $lowest:expr, $highest:expr, $plus:expr, $times:expr;)*) => {$(
        impl Accumulator for $ty {
            const LOWEST: Self = $lowest;
            const HIGHEST: Self = $highest;
            const ZERO: Self = 0 as $ty;
            const ONE: Self = 1 as $ty;
            #[inline(always)]
            fn plus(self, other: Self) -> Self {
                $plus(self, other)
            }
            #[inline(always)]
            fn times(self, other: Self) -> Self {
                $times(self, other)
            }
            #[inline(always)]
            #[allow(clippy::eq_op)] // a number that differs from itself is NaN
            fn larger(self, other: Self) -> Self {
                if self > other || self != self { self } else { other }
            }
            #[inline(always)]
            #[allow(clippy::eq_op)]
            fn smaller(self, other: Self) -> Self {
                if self < other || self != self { self } else { other }
            }
        }
    )*};
}
accumulator! {
    f32, f32::NEG_INFINITY, f32::INFINITY, |a: f32, b: f32| a + b, |a: f32, b: f32| a * b;
    f64, f64::NEG_INFINITY, f64::INFINITY, |a: f64, b: f64| a + b, |a: f64, b: f64| a * b;
    i32, i32::MIN, i32::MAX, i32::wrapping_add, i32::wrapping_mul;
    i64, i64::MIN, i64::MAX, i64::wrapping_add, i64::wrapping_mul;
    u8, 0, 255, u8::wrapping_add, u8::wrapping_mul;
}

#[inline(always)]
fn identity<T: Accumulator>(reduction: Reduction) -> T {
    match reduction {
        Reduction::Sum => T::ZERO,
        Reduction::Max => T::LOWEST,
        Reduction::Min => T::HIGHEST,
        Reduction::Product => T::ONE,
    }
}

#[inline(always)]
fn merge<T: Accumulator>(reduction: Reduction, a: T, b: T) -> T {
    match reduction {
        Reduction::Sum => a.plus(b),
        Reduction::Max => a.larger(b),
        Reduction::Min => a.smaller(b),
        Reduction::Product => a.times(b),
    }
}

/// Runs an expression with `$ty` as the memory type of `$dtype`; truth values have no reductions in kernels.
macro_rules! with_memory_type {
    ($dtype:expr, $ty:ident => $body:expr) => {
        match $dtype {
            DType::Bool | DType::U8 => {
                type $ty = u8;
                $body
            }
            // The verifier keeps halves away: they are added up in a wider type.
            DType::BF16 | DType::F16 => {}
            DType::I32 => {
                type $ty = i32;
                $body
            }
            DType::I64 => {
                type $ty = i64;
                $body
            }
            DType::F32 => {
                type $ty = f32;
                $body
            }
            DType::F64 => {
                type $ty = f64;
                $body
            }
        }
    };
}

/// Sets elements to what a reduction starts from.
///
/// # Safety
/// `count` elements at `to` are writable.
pub(crate) unsafe fn fill_identity(reduction: Reduction, dtype: DType, to: *mut u8, count: usize) {
    with_memory_type!(dtype, T => {
        // SAFETY: the caller's promise.
        let to = unsafe { std::slice::from_raw_parts_mut(to.cast::<T>(), count) };
        to.fill(identity(reduction));
    });
}

/// Combines elements onto others, these being the left operands.
///
/// # Safety
/// `count` elements at `to` are writable and as many at `from` readable; they do not overlap.
pub(crate) unsafe fn combine(reduction: Reduction, dtype: DType, to: *mut u8, from: *const u8, count: usize) {
    with_memory_type!(dtype, T => {
        // SAFETY: the caller's promise.
        let (to, from) = unsafe {
            (
                std::slice::from_raw_parts_mut(to.cast::<T>(), count),
                std::slice::from_raw_parts(from.cast::<T>(), count),
            )
        };
        for (to, &from) in to.iter_mut().zip(from) {
            *to = merge(reduction, *to, from);
        }
    });
}

/// Combines a row of registers onto memory.
///
/// # Safety
/// The slot holds `count` values of `dtype`'s register type; as many elements at `to` are writable.
pub(super) unsafe fn rows(frame: Frame, slot: u32, reduction: Reduction, dtype: DType, to: *mut u8, count: usize) {
    if dtype == DType::U8 {
        // SAFETY: the caller's promise; bytes are held as 32-bit integers.
        let (to, values) = unsafe { (std::slice::from_raw_parts_mut(to, count), frame.read::<i32>(slot, count)) };
        for (to, &value) in to.iter_mut().zip(values) {
            *to = merge(reduction, i32::from(*to), value) as u8;
        }
        return;
    }
    with_memory_type!(dtype, T => {
        // SAFETY: the caller's promise.
        let (to, values) = unsafe { (std::slice::from_raw_parts_mut(to.cast::<T>(), count), frame.read::<T>(slot, count)) };
        for (to, &value) in to.iter_mut().zip(values) {
            *to = merge(reduction, *to, value);
        }
    });
}

/// The partial results of a reduction over columns.
pub(super) struct Partials {
    reduction: Reduction,
    dtype: DType,
    lanes: [u64; REDUCE_LANES],
}

impl Partials {
    pub(super) fn new(reduction: Reduction, dtype: DType) -> Partials {
        Partials { reduction, dtype, lanes: [0; REDUCE_LANES] }
    }

    /// For outputs that are not reduced over columns.
    pub(super) fn unused() -> Partials {
        Partials::new(Reduction::Sum, DType::F32)
    }

    /// The type that the lanes hold.
    fn held(&self) -> DType {
        // Bytes are held as 32-bit integers, as in registers.
        if self.dtype == DType::U8 { DType::I32 } else { self.dtype }
    }

    /// Starts a row.
    pub(super) fn reset(&mut self) {
        let reduction = self.reduction;
        with_memory_type!(self.held(), T => self.typed::<T>().fill(identity(reduction)));
    }

    /// Combines columns, the first of which is a multiple of the number of lanes.
    ///
    /// # Safety
    /// The slot holds `count` values of the type.
    pub(super) unsafe fn take(&mut self, frame: Frame, slot: u32, count: usize) {
        let reduction = self.reduction;
        with_memory_type!(self.held(), T => {
            // SAFETY: the caller's promise.
            let values = unsafe { frame.read::<T>(slot, count) };
            let lanes = self.typed::<T>();
            match reduction {
                Reduction::Sum => spread(lanes, values, T::plus),
                Reduction::Max => spread(lanes, values, T::larger),
                Reduction::Min => spread(lanes, values, T::smaller),
                Reduction::Product => spread(lanes, values, T::times),
            }
        });
    }

    /// Combines the lanes, and the result onto memory.
    ///
    /// # Safety
    /// `to` is a writable element.
    pub(super) unsafe fn finish(&mut self, to: *mut u8) {
        let reduction = self.reduction;
        if self.dtype == DType::U8 {
            let result = halves::<i32>(reduction, self.typed());
            // SAFETY: the caller's promise.
            unsafe { *to = merge(reduction, i32::from(*to), result) as u8 };
            return;
        }
        with_memory_type!(self.dtype, T => {
            let result = halves::<T>(reduction, self.typed());
            // SAFETY: the caller's promise.
            unsafe {
                let to = to.cast::<T>();
                *to = merge(reduction, *to, result);
            }
        });
    }

    fn typed<T>(&mut self) -> &mut [T; REDUCE_LANES] {
        // SAFETY: every type used is at most 8 bytes, needs no stricter alignment, and any bits are a value of it.
        unsafe { &mut *self.lanes.as_mut_ptr().cast() }
    }
}

#[inline(always)]
fn spread<T: Copy>(lanes: &mut [T; REDUCE_LANES], values: &[T], merge: impl Fn(T, T) -> T) {
    let (whole, rest) = values.as_chunks::<REDUCE_LANES>();
    for chunk in whole {
        for (lane, &value) in lanes.iter_mut().zip(chunk) {
            *lane = merge(*lane, value);
        }
    }
    for (lane, &value) in lanes.iter_mut().zip(rest) {
        *lane = merge(*lane, value);
    }
}

fn halves<T: Accumulator>(reduction: Reduction, lanes: &mut [T; REDUCE_LANES]) -> T {
    let mut width = REDUCE_LANES / 2;
    while width > 0 {
        for lane in 0..width {
            lanes[lane] = merge(reduction, lanes[lane], lanes[lane + width]);
        }
        width /= 2;
    }
    lanes[0]
}
