//! Several arrays that belong together: the inputs of a model with several, or its targets.

use crate::held::Held;
use crisol_data::Array;
use crisol_ir::ndarray::{Array1, ArrayBase, Data, Dimension};
use crisol_ir::value::Typed;
use crisol_ir::{Error, ErrorKind, Result};
use crisol_tensor::Tensor;
use std::ops::Range;

/// One or several arrays with samples along axis 0, in the order of a model's inputs or outputs, or by their names. What is given by
/// reference stays where it is: only batches are copied.
///
/// ```
/// use crisol_train::Arrays;
/// use crisol_ir::ndarray::Array2;
/// let (title, body) = (Array2::<f32>::zeros((8, 3)), Array2::<f32>::zeros((8, 5)));
/// let in_order = Arrays::new().push(&title).push(&body);
/// let by_name = Arrays::new().insert("body", &body).insert("title", &title);
/// assert_eq!((in_order.len(), by_name.len()), (2, 2));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Arrays<'a> {
    pub(crate) arrays: Vec<Held<'a>>,
    /// Of as many as there are arrays, or of none.
    names: Vec<String>,
}

/// What can stand for the inputs or the targets: an ndarray of any kind, owned, borrowed or a view, a vector, an [`Array`], or [`Arrays`].
pub trait IntoArrays<'a> {
    /// The arrays.
    fn into_arrays(self) -> Arrays<'a>;
}

impl<'a> IntoArrays<'a> for Arrays<'a> {
    fn into_arrays(self) -> Arrays<'a> {
        self
    }
}

impl<'a> IntoArrays<'a> for &Arrays<'a> {
    fn into_arrays(self) -> Arrays<'a> {
        self.clone()
    }
}

impl<'a, T: Typed, S: Data<Elem = T> + 'a, D: Dimension + 'a> IntoArrays<'a> for ArrayBase<S, D> {
    fn into_arrays(self) -> Arrays<'a> {
        Held::new(self).into()
    }
}

impl<'a, T: Typed, S: Data<Elem = T>, D: Dimension> IntoArrays<'a> for &'a ArrayBase<S, D> {
    fn into_arrays(self) -> Arrays<'a> {
        Held::new(self).into()
    }
}

impl<'a, T: Typed> IntoArrays<'a> for Vec<T> {
    fn into_arrays(self) -> Arrays<'a> {
        Array1::from(self).into_arrays()
    }
}

impl<'a> IntoArrays<'a> for Array {
    fn into_arrays(self) -> Arrays<'a> {
        Held::new(self).into()
    }
}

impl<'a> IntoArrays<'a> for &'a Array {
    fn into_arrays(self) -> Arrays<'a> {
        Held::new(self).into()
    }
}

impl<'a> From<Held<'a>> for Arrays<'a> {
    fn from(array: Held<'a>) -> Arrays<'a> {
        Arrays { arrays: vec![array], names: Vec::new() }
    }
}

impl<'a> Arrays<'a> {
    /// No array yet.
    pub fn new() -> Arrays<'a> {
        Arrays::default()
    }

    /// One more array, in order.
    #[must_use]
    pub fn push(mut self, array: impl IntoArrays<'a>) -> Arrays<'a> {
        self.arrays.append(&mut array.into_arrays().arrays);
        self
    }

    /// One more array, by name: all of them are then named.
    #[must_use]
    pub fn insert(mut self, name: impl Into<String>, array: impl IntoArrays<'a>) -> Arrays<'a> {
        self.arrays.append(&mut array.into_arrays().arrays);
        self.names.push(name.into());
        self
    }

    /// How many arrays there are.
    pub fn len(&self) -> usize {
        self.arrays.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.arrays.is_empty()
    }

    /// The number of samples, if there is an array.
    pub(crate) fn samples(&self) -> usize {
        self.arrays.first().map_or(0, Held::samples)
    }

    /// The arrays in the order of `names`, which a model gives its inputs or outputs.
    pub(crate) fn arranged(mut self, names: &[&str], what: &str) -> Result<Arrays<'a>> {
        if self.names.is_empty() {
            return Ok(self);
        }
        let wrong = |text: String| Error::new(ErrorKind::Name, text).operation(what.to_string());
        if self.names.len() != self.arrays.len() {
            return Err(wrong("some arrays are named and others are not".to_string()));
        }
        if let Some(unknown) = self.names.iter().find(|name| !names.contains(&name.as_str())) {
            return Err(Error::unknown_name("input or output of the model", unknown, names.iter().copied()));
        }
        let mut arranged = Vec::with_capacity(names.len());
        for name in names {
            match self.names.iter().position(|own| own == name) {
                Some(place) => {
                    self.names.remove(place);
                    arranged.push(self.arrays.remove(place));
                }
                None => return Err(wrong(format!("{name:?} is missing, expected {}", names.join(", ")))),
            }
        }
        match self.names.first() {
            Some(twice) => Err(wrong(format!("{twice:?} is given twice"))),
            None => Ok(Arrays { arrays: arranged, names: Vec::new() }),
        }
    }

    /// Some of the samples, which are there.
    pub(crate) fn slice(&self, rows: &Range<usize>) -> Arrays<'a> {
        let arrays = self.arrays.iter().map(|array| array.slice(rows.clone())).collect();
        Arrays { arrays, names: self.names.clone() }
    }

    /// A batch of samples in any order.
    pub(crate) fn batch(&self, rows: &[usize]) -> Vec<Tensor> {
        self.arrays.iter().map(|array| array.batch(rows)).collect()
    }

    /// Checks that every array has samples along axis 0, and as many as the first of `x`.
    pub(crate) fn check(&self, name: &str, x: &Held) -> Result<()> {
        for array in &self.arrays {
            if array.shape().is_empty() {
                let text = format!("{name}: expected samples along axis 0, given a single value");
                return Err(Error::new(ErrorKind::Shape, text));
            }
            let (samples, expected) = (array.samples(), x.samples());
            if samples != expected {
                let text = format!(
                    "x and {name} differ in length: x {:?} has {expected} samples, {name} {:?} has {samples}",
                    x.shape(),
                    array.shape()
                );
                return Err(Error::new(ErrorKind::Shape, text).help("samples are counted along axis 0"));
            }
        }
        Ok(())
    }
}
