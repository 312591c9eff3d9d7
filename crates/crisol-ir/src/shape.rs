//! Shapes: up to [`MAX_RANK`] sizes, stored inline so that recording an operation allocates nothing for them.

use crate::error::{Error, ErrorKind, Result};
use std::fmt;
use std::ops::Deref;

/// The largest number of axes a tensor may have.
pub const MAX_RANK: usize = 8;

/// The sizes of a tensor's axes, outermost first.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shape {
    // Axes past `rank` are zero, so that the derived comparison and hash are right.
    sizes: [usize; MAX_RANK],
    rank: u8,
}

impl Shape {
    /// The shape of a scalar.
    pub const SCALAR: Shape = Shape { sizes: [0; MAX_RANK], rank: 0 };

    /// A shape with the given sizes.
    ///
    /// # Errors
    /// More than [`MAX_RANK`] axes, or more elements than fit the address space.
    pub fn new(sizes: &[usize]) -> Result<Shape> {
        if sizes.len() > MAX_RANK {
            return Err(Error::new(
                ErrorKind::Shape,
                format!("{} axes given, at most {MAX_RANK} are supported: {sizes:?}", sizes.len()),
            ));
        }
        let elements = sizes.iter().try_fold(1usize, |product, &size| product.checked_mul(size));
        if elements.is_none_or(|count| count > isize::MAX as usize / 8) {
            return Err(Error::new(ErrorKind::Shape, format!("{sizes:?} has more elements than memory can hold")));
        }
        let mut shape = Shape { sizes: [0; MAX_RANK], rank: sizes.len() as u8 };
        shape.sizes[..sizes.len()].copy_from_slice(sizes);
        Ok(shape)
    }

    /// The sizes as a slice.
    #[inline]
    pub fn sizes(&self) -> &[usize] {
        &self.sizes[..self.rank as usize]
    }

    /// The number of axes.
    #[inline]
    pub fn rank(&self) -> usize {
        self.rank as usize
    }

    /// The number of elements: the product of the sizes, 1 for a scalar.
    pub fn elements(&self) -> usize {
        self.sizes().iter().product()
    }

    /// The axis meant by a possibly negative number, which counts from the end.
    ///
    /// # Errors
    /// The axis does not exist.
    pub fn axis(&self, axis: isize) -> Result<usize> {
        let rank = self.rank() as isize;
        let found = if axis < 0 { axis + rank } else { axis };
        if (0..rank).contains(&found) {
            return Ok(found as usize);
        }
        let expected =
            if rank == 0 { "a scalar has no axes".to_string() } else { format!("expected {} to {}", -rank, rank - 1) };
        Err(Error::new(ErrorKind::Axis, format!("axis {axis} does not exist in {self}: {expected}")))
    }

    /// The shape that both broadcast to, by NumPy's rule: aligned at the last axis, sizes equal or 1.
    ///
    /// # Errors
    /// Two sizes differ and neither is 1.
    pub fn broadcast(&self, other: &Shape) -> Result<Shape> {
        let rank = self.rank().max(other.rank());
        let mut sizes = [0; MAX_RANK];
        for (axis, size) in sizes[..rank].iter_mut().enumerate() {
            let (a, b) = (self.aligned(axis, rank), other.aligned(axis, rank));
            *size = match (a, b) {
                (a, b) if a == b => a,
                (1, b) => b,
                (a, 1) => a,
                _ => {
                    return Err(Error::new(
                        ErrorKind::Shape,
                        format!(
                            "shapes {self} and {other} do not broadcast: axis {} is {a} against {b}",
                            axis as isize - rank as isize
                        ),
                    ));
                }
            };
        }
        Shape::new(&sizes[..rank])
    }

    /// The distance in elements between neighbours along each axis of a row-major array.
    pub fn strides(&self) -> [isize; MAX_RANK] {
        let mut strides = [0; MAX_RANK];
        let mut step = 1isize;
        for axis in (0..self.rank()).rev() {
            strides[axis] = step;
            step *= self.sizes[axis].max(1) as isize;
        }
        strides
    }

    /// The shape without the given axes, which must exist and differ.
    pub fn without(&self, axes: &[usize]) -> Shape {
        let mut result = Shape::SCALAR;
        for (axis, &size) in self.sizes().iter().enumerate() {
            if !axes.contains(&axis) {
                result.sizes[result.rank as usize] = size;
                result.rank += 1;
            }
        }
        result
    }

    /// The shape with the given axes, which must exist, of size 1.
    pub fn with_ones(&self, axes: &[usize]) -> Shape {
        let mut result = *self;
        for &axis in axes {
            result.sizes[axis] = 1;
        }
        result
    }

    /// The size of `axis` when the shape is aligned at the end of `rank` axes.
    fn aligned(&self, axis: usize, rank: usize) -> usize {
        (axis + self.rank()).checked_sub(rank).map_or(1, |own| self.sizes[own])
    }
}

impl Deref for Shape {
    type Target = [usize];
    fn deref(&self) -> &[usize] {
        self.sizes()
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.sizes())
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<&[usize]> for Shape {
    type Error = Error;
    fn try_from(sizes: &[usize]) -> Result<Shape> {
        Shape::new(sizes)
    }
}

impl TryFrom<usize> for Shape {
    type Error = Error;
    fn try_from(size: usize) -> Result<Shape> {
        Shape::new(&[size])
    }
}

impl TryFrom<&Vec<usize>> for Shape {
    type Error = Error;
    fn try_from(sizes: &Vec<usize>) -> Result<Shape> {
        Shape::new(sizes)
    }
}

impl<const N: usize> TryFrom<[usize; N]> for Shape {
    type Error = Error;
    fn try_from(sizes: [usize; N]) -> Result<Shape> {
        Shape::new(&sizes)
    }
}

impl From<std::convert::Infallible> for Error {
    fn from(never: std::convert::Infallible) -> Error {
        match never {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(sizes: &[usize]) -> Shape {
        Shape::new(sizes).unwrap()
    }

    #[test]
    fn broadcasting_follows_numpy() {
        assert_eq!(shape(&[4, 1]).broadcast(&shape(&[3])).unwrap(), shape(&[4, 3]));
        assert_eq!(Shape::SCALAR.broadcast(&shape(&[0, 2])).unwrap(), shape(&[0, 2]));
        let error = shape(&[32, 100]).broadcast(&shape(&[32, 10])).unwrap_err();
        assert_eq!(error.to_string(), "shapes [32, 100] and [32, 10] do not broadcast: axis -1 is 100 against 10");
    }

    #[test]
    fn axes_count_from_either_end() {
        assert_eq!(shape(&[2, 3]).axis(-1).unwrap(), 1);
        let error = shape(&[2, 3]).axis(2).unwrap_err();
        assert_eq!(error.to_string(), "axis 2 does not exist in [2, 3]: expected -2 to 1");
        assert!(Shape::SCALAR.axis(0).unwrap_err().to_string().contains("a scalar has no axes"));
    }

    #[test]
    fn hostile_sizes_are_errors() {
        assert!(Shape::new(&[usize::MAX, 2]).is_err());
        assert!(Shape::new(&[1; 9]).is_err());
    }

    #[test]
    fn axes_come_off_and_shrink() {
        assert_eq!(shape(&[2, 3, 4]).without(&[1]), shape(&[2, 4]));
        assert_eq!(shape(&[2, 3, 4]).with_ones(&[0, 2]), shape(&[1, 3, 1]));
        assert_eq!(shape(&[2, 3, 4]).strides()[..3], [12, 4, 1]);
    }
}
