//! A variable with its place in a tree.

use crate::constraint::Constraint;
use crate::regularizer::Regularizer;
use crisol_tensor::{Tensor, Variable};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What a variable is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Changed by an optimizer.
    Weight,
    /// Changed by its layer, never by an optimizer.
    State,
}

/// A variable with its place in the tree. Clones share the variable and whether it is frozen.
#[derive(Clone, Debug)]
pub struct Weight {
    pub(crate) path: Arc<str>,
    pub(crate) label: Option<Arc<str>>,
    pub(crate) variable: Variable,
    pub(crate) role: Role,
    pub(crate) frozen: Arc<AtomicBool>,
    pub(crate) regularizer: Option<Arc<dyn Regularizer>>,
    pub(crate) constraint: Option<Arc<dyn Constraint>>,
}

impl Weight {
    /// The names of the layers that lead to it and its own: `"encoder/dense_1/kernel"`. It is the key to the weight.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The path as Keras shows it: a layer inside of another one goes by its type and a count within the outer one,
    /// `"cuadratica_v4/lineal_v1_1/a"`, rather than by the name that the outer layer calls it by.
    pub fn label(&self) -> &str {
        self.label.as_deref().unwrap_or(&self.path)
    }

    /// Its own name, the last of the path: `"kernel"`.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// The variable that holds its value.
    pub fn variable(&self) -> &Variable {
        &self.variable
    }

    /// What it is for.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Whether an optimizer may change it: it is no state and is not frozen.
    pub fn trainable(&self) -> bool {
        self.role == Role::Weight && !self.frozen()
    }

    /// Whether its layer is frozen.
    pub fn frozen(&self) -> bool {
        self.frozen.load(Ordering::Relaxed)
    }

    /// What it adds to the loss.
    pub fn regularizer(&self) -> Option<&dyn Regularizer> {
        self.regularizer.as_deref()
    }

    /// Where it is moved after every update.
    pub fn constraint(&self) -> Option<&dyn Constraint> {
        self.constraint.as_deref()
    }

    /// The number of its elements.
    pub fn parameters(&self) -> usize {
        self.variable.shape().elements()
    }

    /// The bytes that its elements take.
    pub fn bytes(&self) -> usize {
        self.parameters() * self.variable.dtype().size()
    }
}

/// As Keras prints it: `<Variable path=dense/bias, shape=(3,), dtype=float32, value=[0, 0, 0]>`.
impl fmt::Display for Weight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (shape, dtype) = (self.variable.shape(), self.variable.dtype());
        let sizes = shape.iter().map(|size| size.to_string()).collect::<Vec<_>>().join(", ");
        let comma = if shape.rank() == 1 { "," } else { "" };
        write!(f, "<Variable path={}, shape=({sizes}{comma}), dtype={dtype}, value=", self.label())?;
        match self.variable.value().cast(crisol_tensor::DType::F64).to_array::<f64>() {
            Ok(numbers) => write!(f, "{numbers}>"),
            Err(error) => write!(f, "{error}>"),
        }
    }
}

impl crisol_tensor::Source for Weight {
    fn tensor(&self) -> Tensor {
        self.variable().value()
    }

    fn name(&self) -> String {
        self.path().to_string()
    }
}
