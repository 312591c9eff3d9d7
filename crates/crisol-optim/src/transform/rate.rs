//! The learning rate.

use super::{Step, Transform};
use crisol_tensor::Tensor;

/// `update * -learning_rate`: turns a gradient into a step downhill.
#[derive(Clone, Debug, Default)]
pub struct ScaleByRate;

impl Transform for ScaleByRate {
    fn apply(&self, step: &Step, update: Tensor, _states: &mut [Tensor]) -> Tensor {
        update * step.scalar(-step.learning_rate)
    }
}
