//! State of layers: values that a layer keeps from call to call and no optimizer touches.

use crisol_tensor::{Error, ErrorKind, Tensor, TensorType, Variable};
use std::cell::RefCell;
use std::panic::Location;
use std::rc::Rc;

/// A value that a layer keeps from call to call.
///
/// What is assigned is seen inside the call at once, and kept when the outermost call returns `Ok`. A wrong assignment is
/// an error at the layer's boundary.
#[derive(Clone, Debug)]
pub struct State(pub(crate) Rc<RefCell<StateCell>>);

#[derive(Debug)]
pub(crate) struct StateCell {
    /// Absent while a model is traced.
    variable: Option<Variable>,
    ty: TensorType,
    value: Tensor,
    assigned: bool,
    error: Option<Error>,
}

impl State {
    pub(crate) fn new(variable: Option<Variable>, ty: TensorType, value: Tensor) -> State {
        State(Rc::new(RefCell::new(StateCell { variable, ty, value, assigned: false, error: None })))
    }

    /// The value, with what was assigned in this call.
    pub fn value(&self) -> Tensor {
        self.0.borrow().value.clone()
    }

    /// Replaces the value by another of the same element type and shape.
    #[track_caller]
    pub fn assign(&self, value: impl Into<Tensor>) {
        let value = value.into();
        let cell = &mut *self.0.borrow_mut();
        let problem = match value.ty() {
            Ok(ty) if ty == cell.ty => None,
            Ok(ty) => {
                let text = format!("a state of {} was assigned a value of {ty}", cell.ty);
                Some(Error::new(ErrorKind::Shape, text).operation("assign").at(Location::caller()))
            }
            Err(error) => Some(error),
        };
        match problem {
            None => {
                cell.value = value;
                cell.assigned = true;
            }
            Some(error) => {
                cell.error.get_or_insert(error);
            }
        }
    }

    /// Adds to the value.
    #[track_caller]
    pub fn assign_add(&self, value: impl Into<Tensor>) {
        self.assign(self.value() + value.into());
    }

    /// The element type and shape that its values have.
    pub(crate) fn ty(&self) -> TensorType {
        self.0.borrow().ty
    }

    pub(crate) fn take_error(&self) -> Option<Error> {
        self.0.borrow_mut().error.take()
    }

    /// Makes what was assigned the variable's value.
    pub(crate) fn commit(&self) -> crisol_tensor::Result<()> {
        let cell = self.0.borrow();
        match &cell.variable {
            Some(variable) if cell.assigned => variable.assign(&cell.value),
            _ => Ok(()),
        }
    }
}
