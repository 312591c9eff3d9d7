//! Variables: cells that point to the current value of a weight or a state.

use crate::is_tracing;
use crate::recorder::Recorder;
use crate::tensor::Tensor;
use crisol_ir::{DType, Error, ErrorKind, Result, Shape, TensorType};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A cell that points to an immutable value and can be pointed to another of the same type.
///
/// Clones share the cell. A handle to an old value keeps that value whatever is assigned later. The assignment of a value that is
/// yet to be computed is part of the recording: if evaluating the step that made it fails, the variable returns to the value it
/// had before. A value that is there, as loaded weights are, is assigned for good.
///
/// ```
/// use crisol_tensor::{Tensor, Variable};
/// let total = Variable::new(Tensor::zeros([2]))?;
/// total.assign_add(Tensor::ones([2]) * 3.0)?;
/// assert_eq!(total.value().to_vec::<f32>()?, [3.0, 3.0]);
/// # Ok::<(), crisol_tensor::Error>(())
/// ```
#[derive(Clone)]
pub struct Variable(Arc<VariableCell>);

struct VariableCell {
    id: u64,
    ty: TensorType,
    value: Mutex<Tensor>,
}

/// An assignment that a flush has yet to commit.
pub(crate) struct Assignment {
    variable: Variable,
    /// The value to return to; let go before the plan runs, so that its memory can be reused.
    before: Option<Tensor>,
}

impl Variable {
    /// A variable with an initial value.
    ///
    /// # Errors
    /// The value carries an error.
    pub fn new(value: Tensor) -> Result<Variable> {
        static IDS: AtomicU64 = AtomicU64::new(0);
        let ty = value.ty()?;
        let id = IDS.fetch_add(1, Ordering::Relaxed);
        Ok(Variable(Arc::new(VariableCell { id, ty, value: Mutex::new(value) })))
    }

    /// A number that no other variable of the process has.
    pub fn id(&self) -> u64 {
        self.0.id
    }

    /// The sizes of the axes.
    pub fn shape(&self) -> Shape {
        self.0.ty.shape
    }

    /// The element type.
    pub fn dtype(&self) -> DType {
        self.0.ty.dtype
    }

    /// The current value: a handle that later assignments do not change.
    pub fn value(&self) -> Tensor {
        self.lock().clone()
    }

    /// Points the variable to another value of the same element type and shape.
    ///
    /// Inside a trace the value is only checked.
    ///
    /// # Errors
    /// The value carries an error, or is of another type; the variable keeps what it had.
    #[track_caller]
    pub fn assign(&self, value: impl Into<Tensor>) -> Result<()> {
        let value = value.into();
        self.check(&value)?;
        if is_tracing() {
            return Ok(());
        }
        if let Some(home) = value.cell().pending_home() {
            // Under the lock of the recorder that computes the value, so that it fails or succeeds either before or after.
            let mut recording = home.enter()?;
            if value.is_pending() {
                let before = std::mem::replace(&mut *self.lock(), value.clone());
                recording.assigned(Assignment { variable: self.clone(), before: Some(before) });
                return Ok(());
            }
        }
        *self.lock() = value;
        Ok(())
    }

    /// Points many variables to other values: all of them, or none if one value does not fit. Values that are yet to be computed are this
    /// thread's, as a rule; of others' the last may fail alone.
    ///
    /// # Errors
    /// As [`Variable::assign`].
    ///
    /// ```
    /// use crisol_tensor::{Tensor, Variable};
    /// let (a, b) = (Variable::new(Tensor::zeros([2]))?, Variable::new(Tensor::zeros([3]))?);
    /// Variable::assign_all([(a.clone(), Tensor::ones([2])), (b.clone(), Tensor::ones([3]))])?;
    /// assert!(Variable::assign_all([(a.clone(), Tensor::zeros([2])), (b, Tensor::zeros([4]))]).is_err());
    /// assert_eq!(a.value().to_vec::<f32>()?, [1.0, 1.0]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[track_caller]
    pub fn assign_all(assignments: impl IntoIterator<Item = (Variable, Tensor)>) -> Result<()> {
        let assignments: Vec<(Variable, Tensor)> = assignments.into_iter().collect();
        for (variable, value) in &assignments {
            variable.check(value)?;
        }
        if is_tracing() {
            return Ok(());
        }
        if assignments.iter().all(|(_, value)| value.cell().pending_home().is_none()) {
            assignments.into_iter().for_each(|(variable, value)| *variable.lock() = value);
            return Ok(());
        }
        Recorder::with_current(|recorder| {
            let mut elsewhere = Vec::new();
            let mut recording = recorder.enter()?;
            for (variable, value) in assignments {
                match value.cell().pending_home().map(|home| Arc::ptr_eq(home, recorder)) {
                    Some(true) => {
                        let before = Some(std::mem::replace(&mut *variable.lock(), value));
                        recording.assigned(Assignment { variable, before });
                    }
                    Some(false) => elsewhere.push((variable, value)),
                    None => *variable.lock() = value,
                }
            }
            drop(recording);
            elsewhere.into_iter().try_for_each(|(variable, value)| variable.assign(value))
        })
    }

    /// Adds to the value.
    ///
    /// # Errors
    /// As [`Variable::assign`].
    #[track_caller]
    pub fn assign_add(&self, value: impl Into<Tensor>) -> Result<()> {
        self.assign(self.value() + value.into())
    }

    /// Subtracts from the value.
    ///
    /// # Errors
    /// As [`Variable::assign`].
    #[track_caller]
    pub fn assign_sub(&self, value: impl Into<Tensor>) -> Result<()> {
        self.assign(self.value() - value.into())
    }

    /// Checks that a value may be assigned.
    #[track_caller]
    fn check(&self, value: &Tensor) -> Result<()> {
        let ty = value.ty()?;
        if ty == self.0.ty {
            return Ok(());
        }
        let text = format!("a variable of {} was assigned a value of {ty}", self.0.ty);
        Err(Error::new(ErrorKind::Shape, text).operation("assign").at(std::panic::Location::caller()))
    }

    fn lock(&self) -> MutexGuard<'_, Tensor> {
        // The handle is replaced in one assignment, so a panic elsewhere leaves it whole.
        self.0.value.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Assignment {
    pub(crate) fn release(&mut self) {
        self.before = None;
    }

    pub(crate) fn roll_back(self) {
        if let Some(before) = self.before {
            *self.variable.lock() = before;
        }
    }
}

/// What a gradient can be asked for: a tensor, a variable, or what holds a variable.
pub trait Source {
    /// The value as the recording knows it.
    fn tensor(&self) -> Tensor;

    /// What messages call it.
    fn name(&self) -> String {
        "a tensor".to_string()
    }
}

impl Source for Tensor {
    fn tensor(&self) -> Tensor {
        self.clone()
    }
}

impl Source for Variable {
    fn tensor(&self) -> Tensor {
        self.value()
    }

    fn name(&self) -> String {
        format!("a variable of {}", self.0.ty)
    }
}

impl<S: Source + ?Sized> Source for &S {
    fn tensor(&self) -> Tensor {
        (**self).tensor()
    }

    fn name(&self) -> String {
        (**self).name()
    }
}

impl PartialEq for Variable {
    fn eq(&self, other: &Variable) -> bool {
        self.0.id == other.0.id
    }
}

impl Eq for Variable {}

impl std::fmt::Debug for Variable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Variable({})", self.0.ty)
    }
}
