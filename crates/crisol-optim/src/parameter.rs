//! What an optimizer steps: anything with a name and a variable.

use crisol_ir::Result;
use crisol_params::Weight;
use crisol_tensor::{Tensor, Variable};
use std::borrow::Cow;

/// A variable with the name by which its optimizer state is known.
pub trait Parameter {
    /// The name, unique among the parameters of one optimizer.
    fn path(&self) -> Cow<'_, str>;

    /// The variable.
    fn variable(&self) -> &Variable;

    /// The value that takes the place of a new one, after each step: where a constraint allows it to be.
    ///
    /// # Errors
    /// A constraint that does not fit the value.
    fn project(&self, value: Tensor) -> Result<Tensor> {
        Ok(value)
    }
}

impl Parameter for Variable {
    fn path(&self) -> Cow<'_, str> {
        format!("variable_{}", self.id()).into()
    }

    fn variable(&self) -> &Variable {
        self
    }
}

impl Parameter for Weight {
    fn path(&self) -> Cow<'_, str> {
        Weight::path(self).into()
    }

    fn variable(&self) -> &Variable {
        Weight::variable(self)
    }

    fn project(&self, value: Tensor) -> Result<Tensor> {
        match self.constraint() {
            Some(constraint) => constraint.project(&value),
            None => Ok(value),
        }
    }
}

impl<P: Parameter + ?Sized> Parameter for &P {
    fn path(&self) -> Cow<'_, str> {
        (**self).path()
    }

    fn variable(&self) -> &Variable {
        (**self).variable()
    }

    fn project(&self, value: Tensor) -> Result<Tensor> {
        (**self).project(value)
    }
}
