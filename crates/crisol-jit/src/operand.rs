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

/// An array that is read: any ndarray array or view of any rank and strides, `Vec`, array, slice (`&&x[..]`), or one number,
/// which is an array of rank 0.
pub trait Operand: sealed::Operand {}

/// An array, or a single number, that is written.
pub trait OperandMut: sealed::OperandMut {}

impl<X: sealed::Operand> Operand for X {}
impl<X: sealed::OperandMut> OperandMut for X {}

/// Only the types below: the memory that a [`Place`] tells of is read and written without further checks.
pub(crate) mod sealed {
    use super::Place;

    pub trait Operand {
        fn place(&self) -> Place;
    }

    pub trait OperandMut {
        fn place_mut(&mut self) -> Place;
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
}

impl<T: Element, S: DataMut<Elem = T>, D: Dimension> sealed::OperandMut for ArrayBase<S, D> {
    fn place_mut(&mut self) -> Place {
        // First the pointer: a shared array is copied by asking for it.
        let pointer = self.as_mut_ptr();
        Place::new(pointer, self.shape(), self.strides())
    }
}

impl sealed::OperandMut for Value {
    fn place_mut(&mut self) -> Place {
        each_value!(self, array => array.place_mut())
    }
}

impl sealed::Operand for Value {
    fn place(&self) -> Place {
        each_value!(self, array => array.place())
    }
}

impl<T: Element> sealed::Operand for Vec<T> {
    fn place(&self) -> Place {
        Place::of_slice(self.as_ptr().cast_mut(), self.len())
    }
}

impl<T: Element> sealed::OperandMut for Vec<T> {
    fn place_mut(&mut self) -> Place {
        Place::of_slice(self.as_mut_ptr(), self.len())
    }
}

impl<T: Element> sealed::Operand for &[T] {
    fn place(&self) -> Place {
        Place::of_slice(self.as_ptr().cast_mut(), self.len())
    }
}

impl<T: Element> sealed::OperandMut for &mut [T] {
    fn place_mut(&mut self) -> Place {
        Place::of_slice(self.as_mut_ptr(), self.len())
    }
}

impl<T: Element, const N: usize> sealed::Operand for [T; N] {
    fn place(&self) -> Place {
        Place::of_slice(self.as_ptr().cast_mut(), N)
    }
}

impl<T: Element, const N: usize> sealed::OperandMut for [T; N] {
    fn place_mut(&mut self) -> Place {
        Place::of_slice(self.as_mut_ptr(), N)
    }
}

/// Single numbers.
macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl sealed::Operand for $number {
            fn place(&self) -> Place {
                Place::new(std::ptr::from_ref(self).cast_mut(), &[], &[])
            }
        }

        impl sealed::OperandMut for $number {
            fn place_mut(&mut self) -> Place {
                Place::new(std::ptr::from_mut(self), &[], &[])
            }
        }
    )*};
}

numbers!(bool, u8, i32, i64, f32, f64);
