//! The learning rate.

use super::{Moment, Step, Transform};
use crisol_tensor::Tensor;

/// `update * -learning_rate`: turns a gradient into a step downhill.
#[derive(Clone, Debug, Default)]
pub struct ScaleByRate;

impl Transform for ScaleByRate {
    fn numbers(&self, moment: &Moment) -> Vec<f64> {
        vec![-moment.learning_rate]
    }

    fn apply(&self, step: &Step, update: Tensor, _states: &mut [Tensor]) -> Tensor {
        update * &step.numbers[0]
    }
}
