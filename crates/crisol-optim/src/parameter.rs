//! What an optimizer steps: anything with a name and a variable.

use crisol_params::Weight;
use crisol_tensor::Variable;
use std::borrow::Cow;

/// A variable with the name by which its optimizer state is known.
pub trait Parameter {
    /// The name, unique among the parameters of one optimizer.
    fn path(&self) -> Cow<'_, str>;

    /// The variable.
    fn variable(&self) -> &Variable;
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
}

impl<P: Parameter + ?Sized> Parameter for &P {
    fn path(&self) -> Cow<'_, str> {
        (**self).path()
    }

    fn variable(&self) -> &Variable {
        (**self).variable()
    }
}
