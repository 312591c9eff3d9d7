//! [`Batch`]: inputs, targets and sample weights that belong together.

use crate::error::unknown_name;
use crate::{Array, Element, Error, ErrorKind, Result};
use ndarray::Dimension;

/// Inputs `x`, with targets `y` and sample weights where there are any.
///
/// In a batch axis 0 of each array counts the samples; before [`Dataset::batch`](crate::Dataset::batch) it is a single sample without that
/// axis. Made from one array, or from tuples `(x, y)` and `(x, y, sample_weight)`, with any further arrays by name:
///
/// ```
/// use crisol_data::{Batch, ndarray::{arr1, arr2}};
/// let batch = Batch::from((arr2(&[[0.5_f32], [0.7]]), arr1(&[0, 1])));
/// assert_eq!(batch.len(), 2);
/// let batch = batch.with("age", arr2(&[[31_u8], [64]]));
/// assert_eq!(batch.row(1)?.named("age")?.shape(), [1]);
/// # Ok::<(), crisol_data::Error>(())
/// ```
///
/// A model of several inputs or outputs takes the others by their names from there.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Inputs.
    pub x: Array,
    /// Targets.
    pub y: Option<Array>,
    /// One weight a sample.
    pub sample_weight: Option<Array>,
    /// Whatever else belongs to the samples, by name: Keras' dicts.
    pub others: Vec<(String, Array)>,
}

impl Batch {
    /// The batch with one more array, in place of an earlier one of that name.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, array: impl Into<Array>) -> Batch {
        let name = name.into();
        self.others.retain(|(other, _)| *other != name);
        self.others.push((name, array.into()));
        self
    }

    /// The array of a name that [`with`](Batch::with) gave.
    ///
    /// # Errors
    /// No array has that name.
    pub fn named(&self, name: &str) -> Result<&Array> {
        let found = self.others.iter().find(|(other, _)| other == name);
        found.map(|(_, array)| array).ok_or_else(|| {
            let known: Vec<&str> = self.others.iter().map(|(other, _)| other.as_str()).collect();
            unknown_name("array of the batch", name, &known)
        })
    }

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
        let mut others: Vec<(String, Vec<Array>)> = Vec::new();
        for sample in samples {
            x.push(sample.x);
            y.extend(sample.y);
            sample_weight.extend(sample.sample_weight);
            for (name, array) in sample.others {
                match others.iter_mut().find(|(other, _)| *other == name) {
                    Some((_, arrays)) => arrays.push(array),
                    None => others.push((name, vec![array])),
                }
            }
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
        let mut stacked = Vec::with_capacity(others.len());
        for (name, arrays) in others {
            let array = part(&format!("{name:?}"), arrays)?;
            stacked.extend(array.map(|array| (name, array)));
        }
        let (y, sample_weight) = (part("target", y)?, part("sample weight", sample_weight)?);
        Ok(Batch { y, sample_weight, others: stacked, x: Array::stack(&x)? })
    }

    /// Checks that every array has samples along axis 0, and as many as `x`.
    ///
    /// # Errors
    /// An array without axes, or one of another length.
    pub fn check(&self) -> Result<()> {
        let parts = [("x", Some(&self.x)), ("y", self.y.as_ref()), ("sample_weight", self.sample_weight.as_ref())];
        let others = self.others.iter().map(|(name, array)| (name.as_str(), Some(array)));
        for (name, array) in parts.into_iter().chain(others) {
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
        let other = |(name, array): &(String, Array)| Ok((name.clone(), f(array)?));
        Ok(Batch {
            x: f(&self.x)?,
            y: self.y.as_ref().map(&f).transpose()?,
            sample_weight: self.sample_weight.as_ref().map(&f).transpose()?,
            others: self.others.iter().map(other).collect::<Result<_>>()?,
        })
    }
}

impl From<Array> for Batch {
    fn from(x: Array) -> Self {
        Batch { x, y: None, sample_weight: None, others: Vec::new() }
    }
}

impl<T: Element, D: Dimension> From<ndarray::Array<T, D>> for Batch {
    fn from(x: ndarray::Array<T, D>) -> Self {
        Array::from(x).into()
    }
}

impl<X: Into<Array>, Y: Into<Array>> From<(X, Y)> for Batch {
    fn from((x, y): (X, Y)) -> Self {
        Batch { y: Some(y.into()), ..Batch::from(x.into()) }
    }
}

impl<X: Into<Array>, Y: Into<Array>, W: Into<Array>> From<(X, Y, W)> for Batch {
    fn from((x, y, sample_weight): (X, Y, W)) -> Self {
        Batch { sample_weight: Some(sample_weight.into()), ..Batch::from((x, y)) }
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
    fn others_go_with_their_rows() {
        let batch = Batch::from((vec![1.0_f32, 2.0], vec![1_i32, 0]))
            .with("age", vec![3_u8, 4])
            .with("size", vec![5.0_f64, 6.0]);
        let rows = vec![batch.row(1).unwrap(), batch.row(0).unwrap()];
        assert_eq!(Batch::stack(rows).unwrap(), batch.select(&[1, 0]).unwrap());
        let again = batch.clone().with("age", vec![7_u8, 8]);
        assert_eq!((again.others.len(), again.named("age").unwrap()), (2, &Array::from(vec![7_u8, 8])));
        let error = batch.named("agee").unwrap_err().to_string();
        assert!(error.ends_with("did you mean `age`?"), "{error}");
        let error = batch.clone().with("short", vec![1_u8]).check().unwrap_err().to_string();
        assert!(error.contains("x and short differ in length"), "{error}");
        let mut without = batch.row(0).unwrap();
        without.others.clear();
        let error = Batch::stack(vec![batch.row(0).unwrap(), without]).unwrap_err().to_string();
        assert!(error.contains("1 of 2 samples of one batch have a \"age\""), "{error}");
    }

    #[test]
    fn a_missing_target_is_an_error() {
        let with = Batch::from((vec![1.0_f32], vec![1_i32])).row(0).unwrap();
        let without = Batch { y: None, ..with.clone() };
        assert_eq!(Batch::stack(vec![with, without]).unwrap_err().kind(), ErrorKind::Shape);
    }
}
