//! What an optimizer steps: anything with a name and a variable.

use crisol_params::Weight;
use crisol_tensor::Variable;

/// A variable with the name by which its optimizer state is known.
pub trait Parameter {
    /// The name, unique among the parameters of one optimizer.
    fn path(&self) -> String;

    /// The variable.
    fn variable(&self) -> &Variable;
}

impl Parameter for Variable {
    fn path(&self) -> String {
        format!("variable_{}", self.id())
    }

    fn variable(&self) -> &Variable {
        self
    }
}

impl Parameter for Weight {
    fn path(&self) -> String {
        Weight::path(self).to_string()
    }

    fn variable(&self) -> &Variable {
        Weight::variable(self)
    }
}

impl<P: Parameter + ?Sized> Parameter for &P {
    fn path(&self) -> String {
        (**self).path()
    }

    fn variable(&self) -> &Variable {
        (**self).variable()
    }
}
