//! The weighted mean of values: a metric of its own and the state of most others.

use crate::state::{State, divide_no_nan};
use crisol_ir::{DType, Result, Shape};
use crisol_tensor::{Tensor, spread_weights};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The mean of all values taken in, as `keras.metrics.Mean`; 0 before the first.
///
/// ```
/// use crisol_metrics::Mean;
/// use crisol_tensor::Tensor;
/// let mut mean = Mean::new("loss");
/// mean.update(&Tensor::from_slice(&[1.0f32, 2.0], [2]), None)?;
/// mean.update(&Tensor::from_slice(&[6.0f32], [1]), None)?;
/// assert_eq!(mean.result()?.item()?, 3.0);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Debug)]
pub struct Mean {
    name: String,
    total: State,
    count: State,
}

impl Mean {
    /// A mean of nothing yet.
    pub fn new(name: impl Into<String>) -> Mean {
        Mean { name: name.into(), total: State::new(), count: State::new() }
    }

    /// The name in logs.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Takes in values of any shape, weighted by `weight`: one a sample, or one a value.
    ///
    /// # Errors
    /// A weight that fits neither the samples nor the values.
    pub fn update(&mut self, values: &Tensor, weight: Option<&Tensor>) -> Result<()> {
        let shape = values.shape()?;
        let values = values.cast(DType::F32);
        match weight {
            None => {
                self.total.add(values.sum_all())?;
                self.count.add(Tensor::scalar(DType::F32, shape.elements() as f64))
            }
            Some(weight) => {
                let weight = spread_weights(&weight.cast(DType::F32), &shape)?.broadcast_to(shape);
                self.total.add((values * &weight).sum_all())?;
                self.count.add(weight.sum_all())
            }
        }
    }

    /// The mean so far; 0 if the weights add up to 0.
    ///
    /// # Errors
    /// The state could not be computed.
    pub fn result(&self) -> Result<Tensor> {
        Ok(divide_no_nan(&self.total.value(&Shape::SCALAR), &self.count.value(&Shape::SCALAR)))
    }

    /// Forgets all values.
    ///
    /// # Errors
    /// The state could not be assigned.
    pub fn reset(&mut self) -> Result<()> {
        self.total.reset()?;
        self.count.reset()
    }
}

/// In a file a mean is its name: what it has taken in is no setting.
impl Serialize for Mean {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.name)
    }
}

impl<'de> Deserialize<'de> for Mean {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Mean, D::Error> {
        String::deserialize(from).map(Mean::new)
    }
}
