//! [`Batch`]: inputs, targets and sample weights that belong together.

use crate::{Array, Element, Error, ErrorKind, Result};
use ndarray::Dimension;

/// Inputs `x`, with targets `y` and sample weights where there are any.
///
/// In a batch axis 0 of each array counts the samples; before [`Dataset::batch`](crate::Dataset::batch) it is a single sample without that
/// axis. Made from one array, or from tuples `(x, y)` and `(x, y, sample_weight)`:
///
/// ```
/// use crisol_data::{Batch, ndarray::{arr1, arr2}};
/// let batch = Batch::from((arr2(&[[0.5_f32], [0.7]]), arr1(&[0, 1])));
/// assert_eq!(batch.len(), 2);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Inputs.
    pub x: Array,
    /// Targets.
    pub y: Option<Array>,
    /// One weight a sample.
    pub sample_weight: Option<Array>,
}

impl Batch {
    /// Number of samples: the length of axis 0 of `x`.
    pub fn len(&self) -> usize {
        self.x.len()
    }

    /// True when there are no samples.
    pub fn is_empty(&self) -> bool {
        self.x.is_empty()
    }

    /// The rows in the given order, of every array.
    ///
    /// # Errors
    /// A row that does not exist.
    pub fn select(&self, rows: &[usize]) -> Result<Batch> {
        self.try_map(|array| array.select(rows))
    }

    /// One sample, without axis 0.
    ///
    /// # Errors
    /// A row that does not exist.
    pub fn row(&self, row: usize) -> Result<Batch> {
        self.try_map(|array| array.row(row))
    }

    /// Samples, one above the other along a new axis 0.
    ///
    /// # Errors
    /// Samples whose shapes, types or parts differ, or no sample.
    pub fn stack(samples: Vec<Batch>) -> Result<Batch> {
        let mut x = Vec::with_capacity(samples.len());
        let (mut y, mut sample_weight) = (Vec::new(), Vec::new());
        for sample in samples {
            x.push(sample.x);
            y.extend(sample.y);
            sample_weight.extend(sample.sample_weight);
        }
        let part = |name: &str, arrays: Vec<Array>| -> Result<Option<Array>> {
            if arrays.is_empty() {
                return Ok(None);
            }
            if arrays.len() != x.len() {
                return Err(Error::new(
                    ErrorKind::Shape,
                    format!("{} of {} samples of one batch have a {name}", arrays.len(), x.len()),
                ));
            }
            Array::stack(&arrays).map(Some)
        };
        Ok(Batch { y: part("target", y)?, sample_weight: part("sample weight", sample_weight)?, x: Array::stack(&x)? })
    }

    /// Checks that every array has samples along axis 0, and as many as `x`.
    ///
    /// # Errors
    /// An array without axes, or one of another length.
    pub fn check(&self) -> Result<()> {
        let parts = [("x", Some(&self.x)), ("y", self.y.as_ref()), ("sample_weight", self.sample_weight.as_ref())];
        for (name, array) in parts {
            let Some(array) = array else { continue };
            if array.shape().is_empty() {
                return Err(Error::new(
                    ErrorKind::Shape,
                    format!("{name}: expected samples along axis 0, given a single value"),
                ));
            }
            if array.len() != self.x.len() {
                return Err(Error::new(
                    ErrorKind::Shape,
                    format!(
                        "x and {name} differ in length: x {:?} has {} samples, {name} {:?} has {}",
                        self.x.shape(),
                        self.x.len(),
                        array.shape(),
                        array.len()
                    ),
                ));
            }
        }
        Ok(())
    }

    fn try_map(&self, f: impl Fn(&Array) -> Result<Array>) -> Result<Batch> {
        Ok(Batch {
            x: f(&self.x)?,
            y: self.y.as_ref().map(&f).transpose()?,
            sample_weight: self.sample_weight.as_ref().map(&f).transpose()?,
        })
    }
}

impl From<Array> for Batch {
    fn from(x: Array) -> Self {
        Batch { x, y: None, sample_weight: None }
    }
}

impl<T: Element, D: Dimension> From<ndarray::Array<T, D>> for Batch {
    fn from(x: ndarray::Array<T, D>) -> Self {
        Array::from(x).into()
    }
}

impl<X: Into<Array>, Y: Into<Array>> From<(X, Y)> for Batch {
    fn from((x, y): (X, Y)) -> Self {
        Batch { x: x.into(), y: Some(y.into()), sample_weight: None }
    }
}

impl<X: Into<Array>, Y: Into<Array>, W: Into<Array>> From<(X, Y, W)> for Batch {
    fn from((x, y, sample_weight): (X, Y, W)) -> Self {
        Batch { x: x.into(), y: Some(y.into()), sample_weight: Some(sample_weight.into()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_must_agree() {
        let batch = Batch::from((vec![1.0_f32, 2.0], vec![1_i32]));
        let error = batch.check().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Shape);
        assert!(error.to_string().contains("x [2] has 2 samples, y [1] has 1"), "{error}");
    }

    #[test]
    fn rows_stack_back_to_the_batch() {
        let batch = Batch::from((vec![1.0_f32, 2.0], vec![1_i32, 0], vec![0.5_f32, 1.5]));
        let rows = vec![batch.row(0).unwrap(), batch.row(1).unwrap()];
        assert_eq!(Batch::stack(rows).unwrap(), batch);
    }

    #[test]
    fn a_missing_target_is_an_error() {
        let with = Batch::from((vec![1.0_f32], vec![1_i32])).row(0).unwrap();
        let without = Batch { y: None, ..with.clone() };
        assert_eq!(Batch::stack(vec![with, without]).unwrap_err().kind(), ErrorKind::Shape);
    }
}
