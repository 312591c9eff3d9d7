//! The weighted sum of values.

use crate::state::State;
use crisol_ir::{DType, Result, Shape};
use crisol_tensor::{Tensor, spread_weights};

/// The sum of all values taken in, as `keras.metrics.Sum`; 0 before the first.
///
/// ```
/// use crisol_metrics::Sum;
/// use crisol_tensor::Tensor;
/// let mut sum = Sum::new("clicks");
/// sum.update(&Tensor::from_slice(&[1.0f32, 2.0], [2]), None)?;
/// assert_eq!(sum.result().item()?, 3.0);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Debug)]
pub struct Sum {
    name: String,
    total: State,
}

impl Sum {
    /// A sum of nothing yet.
    pub fn new(name: impl Into<String>) -> Sum {
        Sum { name: name.into(), total: State::new() }
    }

    /// The name in logs.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Takes in values of any shape, weighted by `weight`.
    ///
    /// # Errors
    /// A weight that fits neither the samples nor the values.
    pub fn update(&mut self, values: &Tensor, weight: Option<&Tensor>) -> Result<()> {
        let values = values.cast(DType::F32);
        let values = match weight {
            Some(weight) => &values * spread_weights(&weight.cast(DType::F32), &values.shape()?)?,
            None => values,
        };
        self.total.add(values.sum_all())
    }

    /// The sum so far.
    pub fn result(&self) -> Tensor {
        self.total.value(&Shape::SCALAR)
    }

    /// Forgets all values.
    ///
    /// # Errors
    /// The state could not be assigned.
    pub fn reset(&mut self) -> Result<()> {
        self.total.reset()
    }
}
