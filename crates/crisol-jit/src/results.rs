//! Results of reductions while they are combined, and how they reach the arrays that were asked for.

use crate::expression::{Finish, OutputDraft};
use crate::operand::Axes;
use crisol_ir::DType;
use crisol_ir::primitive::Reduction;
use smallvec::SmallVec;

/// Where a reduction is combined: one number for each place that is left of the domain, in the order of the loops.
pub(crate) struct Combined {
    dtype: DType,
    /// The neutral element, repeated to a word, and how many words hold the results: then any element is aligned.
    word: u64,
    words: usize,
    finish: Finish,
    keep: bool,
    /// The number of elements behind each result.
    count: usize,
    /// Bytes a step of each axis of the domain, 0 for those reduced.
    pub strides: Axes<isize>,
    /// The sizes of the domain's axes, and which are reduced.
    axes: Axes<(usize, bool)>,
}

impl Combined {
    /// Of so many elements each; `order` lists the loops from the outermost inwards.
    pub(crate) fn new(
        draft: &OutputDraft,
        domain: &[usize],
        order: &[usize],
        reduced: &[bool],
        count: usize,
    ) -> Combined {
        let size = draft.dtype.size();
        let mut strides: Axes<isize> = domain.iter().map(|_| 0).collect();
        let mut elements = 1;
        for &axis in order.iter().rev().filter(|axis| !reduced[**axis]) {
            strides[axis] = (elements * size) as isize;
            elements *= domain[axis];
        }
        let (by, finish, keep) = match &draft.reduce {
            Some(reduce) => (reduce.by, reduce.finish, reduce.keep),
            None => (Reduction::Sum, Finish::Nothing, false),
        };
        let neutral = neutral(by, draft.dtype);
        let word = if size == 4 { neutral & 0xffff_ffff | neutral << 32 } else { neutral };
        let words = (elements * size).div_ceil(8);
        let axes = domain.iter().copied().zip(reduced.iter().copied()).collect();
        Combined { dtype: draft.dtype, word, words, finish, keep, count, strides, axes }
    }

    /// Room for the results, set to the neutral element.
    pub(crate) fn room(&self) -> SmallVec<[u64; 8]> {
        SmallVec::from_elem(self.word, self.words)
    }

    /// Writes the results where they belong.
    ///
    /// # Safety
    /// `to` starts an array that is valid for writes, with the shape that is left of the domain and these strides in bytes.
    pub(crate) unsafe fn finish(&self, room: &[u64], to: *mut u8, strides: &[isize]) {
        let mut given = strides.iter();
        let mut loops: Axes<(usize, isize, isize)> = Axes::new();
        for (&(size, reduced), &stride) in self.axes.iter().zip(&self.strides) {
            if !reduced {
                loops.push((size, stride, given.next().copied().unwrap_or(0)));
            } else if self.keep {
                given.next();
            }
        }
        let from = room.as_ptr().cast::<u8>();
        let (finish, count) = (self.finish, self.count);
        macro_rules! write {
            ($number:ty, $opposite:expr, $mean:expr) => {
                write::<$number>(from, to, &loops, &|x| match finish {
                    Finish::Nothing => x,
                    Finish::Opposite => $opposite(x),
                    Finish::Mean => $mean(x),
                })
            };
        }
        // SAFETY: both sides have a number of this type at every place of the loops.
        unsafe {
            match self.dtype {
                DType::F32 => write!(f32, |x: f32| -x, |x: f32| x / count as f32),
                DType::F64 => write!(f64, |x: f64| -x, |x: f64| x / count as f64),
                DType::I64 => write!(i64, |x: i64| !x, |x: i64| x),
                // No other type has reductions.
                _ => write!(i32, |x: i32| !x, |x: i32| x),
            }
        }
    }
}

/// Copies number by number, over loops of a size and two strides in bytes.
///
/// # Safety
/// Every place of the loops is a number on both sides, valid and aligned.
unsafe fn write<T: Copy>(from: *const u8, to: *mut u8, loops: &[(usize, isize, isize)], finish: &impl Fn(T) -> T) {
    let Some((&(size, from_stride, to_stride), inner)) = loops.split_first() else {
        // SAFETY: the caller's contract.
        unsafe { to.cast::<T>().write(finish(from.cast::<T>().read())) };
        return;
    };
    for index in 0..size as isize {
        // SAFETY: the caller's contract; offsets stay in the arrays.
        unsafe { write(from.offset(index * from_stride), to.offset(index * to_stride), inner, finish) };
    }
}

/// The bits of what changes nothing when combined.
fn neutral(by: Reduction, dtype: DType) -> u64 {
    match (by, dtype) {
        (Reduction::Sum, _) => 0,
        (_, DType::F32) => f32::NEG_INFINITY.to_bits().into(),
        (_, DType::F64) => f64::NEG_INFINITY.to_bits(),
        (_, DType::I64) => i64::MIN as u64,
        _ => u64::from(i32::MIN as u32),
    }
}
