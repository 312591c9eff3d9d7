//! A tensor that is added to, batch by batch.

use crisol_ir::{DType, Error, ErrorKind, Result, Shape, Value};
use crisol_tensor::{Tensor, Variable};

/// What a metric keeps from batch to batch: a sum in single precision, made in the shape of the first batch's, and part of the step's plan from
/// then on.
#[derive(Debug, Default)]
pub struct State(Option<Variable>);

impl State {
    /// Nothing yet.
    pub fn new() -> State {
        State::default()
    }

    /// Adds to the sum.
    ///
    /// # Errors
    /// A tensor that carries an error, or of another shape than before.
    pub fn add(&mut self, batch: Tensor) -> Result<()> {
        let shape = batch.shape()?;
        let variable = match self.0.take() {
            Some(variable) => variable,
            None => Variable::new(zeros(&shape))?,
        };
        let variable = &*self.0.insert(variable);
        if variable.shape() != shape {
            let text = format!("this batch has values of shape {shape}, those before {}", variable.shape());
            return Err(Error::new(ErrorKind::Shape, text)
                .help("a metric follows outputs of one shape: make another for others"));
        }
        variable.assign_add(batch)
    }

    /// The sum; zeros of the given shape before the first batch.
    pub fn value(&self, shape: &Shape) -> Tensor {
        self.0.as_ref().map_or_else(|| zeros(shape), Variable::value)
    }

    /// Forgets all batches.
    ///
    /// # Errors
    /// The state could not be assigned.
    pub fn reset(&mut self) -> Result<()> {
        match &self.0 {
            Some(variable) => variable.assign(zeros(&variable.shape())),
            None => Ok(()),
        }
    }
}

/// Zeros as a value: the number 0 would be part of the graph, and the first step after a reset a plan of its own.
fn zeros(shape: &Shape) -> Tensor {
    Tensor::from_value(Value::zeros(DType::F32, shape))
}

/// `a / b`, 0 where `b` is 0.
pub(crate) fn divide_no_nan(a: &Tensor, b: &Tensor) -> Tensor {
    let zero = b.equal(0.0);
    zero.select(0.0, a / zero.select(1.0, b))
}
