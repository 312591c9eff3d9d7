//! Optimizers of named ndarrays, without tensors or tapes.

use crate::optimizer::Optimizer;
use crate::parameter::Parameter;
use crisol_ir::ndarray::{Array, ArrayViewD, ArrayViewMutD, Dimension};
use crisol_ir::value::Typed;
use crisol_ir::{Error, ErrorKind, Result};
use crisol_tensor::{Tensor, Variable};
use std::borrow::Cow;

/// An array to be stepped, its gradient, and the name by which the optimizer knows its states: see [`Optimizer::step`].
#[derive(Debug)]
pub struct NamedArray<'a, T> {
    name: &'a str,
    value: ArrayViewMutD<'a, T>,
    gradient: ArrayViewD<'a, T>,
}

impl<'a, T> NamedArray<'a, T> {
    /// An array with its gradient, of the same shape.
    pub fn new<D: Dimension>(
        name: &'a str,
        value: &'a mut Array<T, D>,
        gradient: &'a Array<T, D>,
    ) -> NamedArray<'a, T> {
        NamedArray { name, value: value.view_mut().into_dyn(), gradient: gradient.view().into_dyn() }
    }
}

struct Named<'a> {
    name: &'a str,
    variable: Variable,
}

impl Parameter for Named<'_> {
    fn path(&self) -> Cow<'_, str> {
        self.name.into()
    }

    fn variable(&self) -> &Variable {
        &self.variable
    }
}

impl Optimizer {
    /// Steps arrays in place, each by its gradient.
    ///
    /// ```
    /// use crisol_ir::ndarray::{arr1, arr2};
    /// use crisol_optim::{NamedArray, Sgd};
    /// let (mut kernel, mut bias) = (arr2(&[[1.0f32, 2.0]]), arr1(&[0.5f32]));
    /// let mut optimizer = Sgd::new(0.5).build()?;
    /// optimizer.step([
    ///     NamedArray::new("kernel", &mut kernel, &arr2(&[[1.0, -1.0]])),
    ///     NamedArray::new("bias", &mut bias, &arr1(&[1.0])),
    /// ])?;
    /// assert_eq!((kernel, bias), (arr2(&[[0.5, 2.5]]), arr1(&[0.0])));
    /// # Ok::<(), crisol_ir::Error>(())
    /// ```
    ///
    /// # Errors
    /// A gradient of another shape, two arrays of one name, or no array. No array has changed then.
    pub fn step<'a, T: Typed>(&mut self, arrays: impl IntoIterator<Item = NamedArray<'a, T>>) -> Result<()> {
        let mut arrays: Vec<NamedArray<'a, T>> = arrays.into_iter().collect();
        for (place, array) in arrays.iter().enumerate() {
            if arrays.iter().take(place).any(|other| other.name == array.name) {
                let text = format!("two arrays are named {:?}", array.name);
                return Err(Error::new(ErrorKind::Name, text).operation("step"));
            }
        }
        let pairs = arrays
            .iter()
            .map(|array| {
                let named = Named { name: array.name, variable: Variable::new(Tensor::from(&array.value))? };
                Ok((named, Tensor::from(&array.gradient)))
            })
            .collect::<Result<Vec<_>>>()?;
        let variables: Vec<Variable> = pairs.iter().map(|(named, _)| named.variable.clone()).collect();
        self.apply_gradients(pairs)?;
        let stepped = variables.iter().map(|variable| variable.value().to_array::<T>()).collect::<Result<Vec<_>>>()?;
        for (array, value) in arrays.iter_mut().zip(&stepped) {
            array.value.assign(value);
        }
        Ok(())
    }
}
