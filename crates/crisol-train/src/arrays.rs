//! Several arrays that belong together: the inputs of a model with several, or its targets.

use crisol_data::Array;
use crisol_ir::{Error, ErrorKind, Result};
use std::ops::Range;

/// One or several arrays with samples along axis 0, in the order of a model's inputs or outputs, or by their names.
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
pub struct Arrays {
    pub(crate) arrays: Vec<Array>,
    /// Of as many as there are arrays, or of none.
    names: Vec<String>,
}

/// What can stand for the inputs or the targets: an array, or [`Arrays`].
pub trait IntoArrays {
    /// The arrays.
    fn into_arrays(self) -> Arrays;
}

impl IntoArrays for Arrays {
    fn into_arrays(self) -> Arrays {
        self
    }
}

impl IntoArrays for &Arrays {
    fn into_arrays(self) -> Arrays {
        self.clone()
    }
}

impl<A: Into<Array>> IntoArrays for A {
    fn into_arrays(self) -> Arrays {
        Arrays { arrays: vec![self.into()], names: Vec::new() }
    }
}

impl Arrays {
    /// No array yet.
    pub fn new() -> Arrays {
        Arrays::default()
    }

    /// One more array, in order.
    #[must_use]
    pub fn push(mut self, array: impl Into<Array>) -> Arrays {
        self.arrays.push(array.into());
        self
    }

    /// One more array, by name: all of them are then named.
    #[must_use]
    pub fn insert(mut self, name: impl Into<String>, array: impl Into<Array>) -> Arrays {
        self.arrays.push(array.into());
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
        self.arrays.first().map_or(0, Array::len)
    }

    /// The arrays in the order of `names`, which a model gives its inputs or outputs.
    pub(crate) fn arranged(mut self, names: &[&str], what: &str) -> Result<Arrays> {
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

    pub(crate) fn slice(&self, rows: Range<usize>) -> Result<Arrays> {
        self.each(|array| array.slice(rows.clone()))
    }

    pub(crate) fn select(&self, rows: &[usize]) -> Result<Arrays> {
        self.each(|array| array.select(rows))
    }

    fn each(&self, cut: impl Fn(&Array) -> crisol_data::Result<Array>) -> Result<Arrays> {
        let arrays = self.arrays.iter().map(cut).collect::<crisol_data::Result<_>>()?;
        Ok(Arrays { arrays, names: self.names.clone() })
    }

    /// Checks that every array has samples along axis 0, and as many as there are.
    pub(crate) fn check(&self, name: &str, samples: usize) -> Result<()> {
        for array in &self.arrays {
            if array.shape().is_empty() || array.len() != samples {
                let text = format!("{name} {:?} has not as many samples as x: {samples}", array.shape());
                return Err(Error::new(ErrorKind::Shape, text).help("samples are counted along axis 0"));
            }
        }
        Ok(())
    }
}
