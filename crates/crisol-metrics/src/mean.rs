//! The weighted mean of values: a metric of its own and the state of most others.

use crisol_ir::{DType, Result, Shape, Value};
use crisol_tensor::{Tensor, Variable, spread_weights};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The mean of all values taken in, as `keras.metrics.Mean`; 0 before the first.
///
/// ```
/// use crisol_metrics::Mean;
/// use crisol_tensor::Tensor;
/// let mut mean = Mean::new("loss")?;
/// mean.update(&Tensor::from_slice(&[1.0f32, 2.0], [2]), None)?;
/// mean.update(&Tensor::from_slice(&[6.0f32], [1]), None)?;
/// assert_eq!(mean.result()?.item()?, 3.0);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Debug)]
pub struct Mean {
    name: String,
    total: Variable,
    count: Variable,
}

impl Mean {
    /// A mean of nothing yet.
    ///
    /// # Errors
    /// The state could not be made.
    pub fn new(name: impl Into<String>) -> Result<Mean> {
        Ok(Mean { name: name.into(), total: Variable::new(zero())?, count: Variable::new(zero())? })
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
                self.total.assign_add(values.sum_all())?;
                let count = Tensor::scalar(DType::F32, shape.elements() as f64);
                self.count.assign_add(count)
            }
            Some(weight) => {
                let weight = spread_weights(&weight.cast(DType::F32), &shape)?.broadcast_to(shape);
                self.total.assign_add((values * &weight).sum_all())?;
                self.count.assign_add(weight.sum_all())
            }
        }
    }

    /// The mean so far; 0 if the weights add up to 0.
    ///
    /// # Errors
    /// The state could not be computed.
    pub fn result(&self) -> Result<Tensor> {
        let (total, count) = (self.total.value(), self.count.value());
        let empty = count.equal(0.0);
        let mean = total / empty.select(1.0, &count);
        Ok(empty.select(0.0, mean))
    }

    /// Forgets all values.
    ///
    /// # Errors
    /// The state could not be assigned.
    pub fn reset(&mut self) -> Result<()> {
        self.total.assign(zero())?;
        self.count.assign(zero())
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
        Mean::new(String::deserialize(from)?).map_err(de::Error::custom)
    }
}

/// Nothing yet, as a value: the number 0 would be part of the graph, and the first step after a reset a plan of its own.
fn zero() -> Tensor {
    Tensor::from_value(Value::zeros(DType::F32, &Shape::SCALAR))
}
