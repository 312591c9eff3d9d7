//! What expressions run on: ndarray arrays and views, vectors, slices and single numbers.

use crisol_ir::ndarray::{ArrayBase, Data, DataMut, Dimension};
use crisol_ir::{DType, Element, Value, each_value};
use smallvec::{SmallVec, smallvec};

/// A number an axis.
pub(crate) type Axes<T> = SmallVec<[T; 6]>;

/// Where the elements of an array are.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub struct Place {
    /// The element whose index is 0 along all axes.
    pub(crate) pointer: *mut u8,
    pub(crate) dtype: DType,
    pub(crate) shape: Axes<usize>,
    /// Bytes a step.
    pub(crate) strides: Axes<isize>,
}

/// How an array lies in memory, wherever it starts.
#[doc(hidden)]
#[derive(Debug, PartialEq)]
pub struct Extent {
    pub(crate) dtype: DType,
    pub(crate) shape: Axes<usize>,
    /// Bytes a step.
    pub(crate) strides: Axes<isize>,
}

impl Extent {
    pub(crate) fn of(place: &Place) -> Extent {
        Extent { dtype: place.dtype, shape: place.shape.clone(), strides: place.strides.clone() }
    }

    pub(crate) fn row_major(dtype: DType, shape: Axes<usize>) -> Extent {
        let mut step = dtype.size() as isize;
        let mut strides: Axes<isize> = shape.iter().map(|_| 0).collect();
        for (stride, &size) in strides.iter_mut().zip(&shape).rev() {
            *stride = step;
            step = step.wrapping_mul(size as isize);
        }
        Extent { dtype, shape, strides }
    }

    pub(crate) fn is_of(&self, place: &Place) -> bool {
        self.dtype == place.dtype && self.shape == place.shape && self.strides == place.strides
    }

    /// Whether arrays of `T` with these sizes, and strides in elements, lie like this.
    fn is<T: Element>(&self, shape: &[usize], strides: &[isize]) -> bool {
        let mut steps = self.strides.iter().zip(strides);
        T::DTYPE == self.dtype
            && shape == &self.shape[..]
            && steps.all(|(&step, &stride)| step == stride.wrapping_mul(size_of::<T>() as isize))
    }

    fn is_slice<T: Element>(&self, length: usize) -> bool {
        self.is::<T>(&[length], &[1])
    }
}

/// An array that is read: any ndarray array or view of any rank and strides, `Vec`, array, slice (`&&x[..]`), or one number,
/// which is an array of rank 0.
pub trait Operand: sealed::Operand {}

/// An array, or a single number, that is written.
pub trait OperandMut: sealed::OperandMut {}

impl<X: sealed::Operand> Operand for X {}
impl<X: sealed::OperandMut> OperandMut for X {}

/// Only the types below: the memory that a [`Place`] tells of is read and written without further checks.
pub(crate) mod sealed {
    use super::{Extent, Place};

    pub trait Operand {
        fn place(&self) -> Place;

        /// Where its elements start if it lies in a known way: what calls after the first ask, which this spares a [`Place`].
        fn start_in(&self, extent: &Extent) -> Option<*mut u8>;
    }

    pub trait OperandMut {
        fn place_mut(&mut self) -> Place;

        fn start_in_mut(&mut self, extent: &Extent) -> Option<*mut u8>;
    }
}

impl Place {
    fn new<T: Element>(pointer: *mut T, shape: &[usize], strides: &[isize]) -> Place {
        let size = size_of::<T>() as isize;
        let strides = strides.iter().map(|stride| stride * size).collect();
        Place { pointer: pointer.cast(), dtype: T::DTYPE, shape: shape.into(), strides }
    }

    fn of_slice<T: Element>(pointer: *mut T, length: usize) -> Place {
        Place {
            pointer: pointer.cast(),
            dtype: T::DTYPE,
            shape: smallvec![length],
            strides: smallvec![size_of::<T>() as isize],
        }
    }
}

impl<T: Element, S: Data<Elem = T>, D: Dimension> sealed::Operand for ArrayBase<S, D> {
    fn place(&self) -> Place {
        Place::new(self.as_ptr().cast_mut(), self.shape(), self.strides())
    }

    fn start_in(&self, extent: &Extent) -> Option<*mut u8> {
        extent.is::<T>(self.shape(), self.strides()).then(|| self.as_ptr().cast_mut().cast())
    }
}

impl<T: Element, S: DataMut<Elem = T>, D: Dimension> sealed::OperandMut for ArrayBase<S, D> {
    fn place_mut(&mut self) -> Place {
        // First the pointer: a shared array is copied by asking for it.
        let pointer = self.as_mut_ptr();
        Place::new(pointer, self.shape(), self.strides())
    }

    fn start_in_mut(&mut self, extent: &Extent) -> Option<*mut u8> {
        // As in `place_mut`: a copy may lie in another way.
        let pointer = self.as_mut_ptr();
        extent.is::<T>(self.shape(), self.strides()).then_some(pointer.cast())
    }
}

impl sealed::OperandMut for Value {
    fn place_mut(&mut self) -> Place {
        each_value!(self, array => array.place_mut())
    }

    fn start_in_mut(&mut self, extent: &Extent) -> Option<*mut u8> {
        each_value!(self, array => array.start_in_mut(extent))
    }
}

impl sealed::Operand for Value {
    fn place(&self) -> Place {
        each_value!(self, array => array.place())
    }

    fn start_in(&self, extent: &Extent) -> Option<*mut u8> {
        each_value!(self, array => array.start_in(extent))
    }
}

impl<T: Element> sealed::Operand for Vec<T> {
    fn place(&self) -> Place {
        Place::of_slice(self.as_ptr().cast_mut(), self.len())
    }

    fn start_in(&self, extent: &Extent) -> Option<*mut u8> {
        extent.is_slice::<T>(self.len()).then(|| self.as_ptr().cast_mut().cast())
    }
}

impl<T: Element> sealed::OperandMut for Vec<T> {
    fn place_mut(&mut self) -> Place {
        Place::of_slice(self.as_mut_ptr(), self.len())
    }

    fn start_in_mut(&mut self, extent: &Extent) -> Option<*mut u8> {
        extent.is_slice::<T>(self.len()).then(|| self.as_mut_ptr().cast())
    }
}

impl<T: Element> sealed::Operand for &[T] {
    fn place(&self) -> Place {
        Place::of_slice(self.as_ptr().cast_mut(), self.len())
    }

    fn start_in(&self, extent: &Extent) -> Option<*mut u8> {
        extent.is_slice::<T>(self.len()).then(|| self.as_ptr().cast_mut().cast())
    }
}

impl<T: Element> sealed::OperandMut for &mut [T] {
    fn place_mut(&mut self) -> Place {
        Place::of_slice(self.as_mut_ptr(), self.len())
    }

    fn start_in_mut(&mut self, extent: &Extent) -> Option<*mut u8> {
        extent.is_slice::<T>(self.len()).then(|| self.as_mut_ptr().cast())
    }
}

impl<T: Element, const N: usize> sealed::Operand for [T; N] {
    fn place(&self) -> Place {
        Place::of_slice(self.as_ptr().cast_mut(), N)
    }

    fn start_in(&self, extent: &Extent) -> Option<*mut u8> {
        extent.is_slice::<T>(N).then(|| self.as_ptr().cast_mut().cast())
    }
}

impl<T: Element, const N: usize> sealed::OperandMut for [T; N] {
    fn place_mut(&mut self) -> Place {
        Place::of_slice(self.as_mut_ptr(), N)
    }

    fn start_in_mut(&mut self, extent: &Extent) -> Option<*mut u8> {
        extent.is_slice::<T>(N).then(|| self.as_mut_ptr().cast())
    }
}

/// Single numbers.
macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl sealed::Operand for $number {
            fn place(&self) -> Place {
                Place::new(std::ptr::from_ref(self).cast_mut(), &[], &[])
            }

            fn start_in(&self, extent: &Extent) -> Option<*mut u8> {
                extent.is::<$number>(&[], &[]).then(|| std::ptr::from_ref(self).cast_mut().cast())
            }
        }

        impl sealed::OperandMut for $number {
            fn place_mut(&mut self) -> Place {
                Place::new(std::ptr::from_mut(self), &[], &[])
            }

            fn start_in_mut(&mut self, extent: &Extent) -> Option<*mut u8> {
                extent.is::<$number>(&[], &[]).then(|| std::ptr::from_mut(self).cast())
            }
        }
    )*};
}

numbers!(bool, u8, i32, i64, f32, f64);
