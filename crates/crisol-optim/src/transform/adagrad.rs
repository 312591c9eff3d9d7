//! Adagrad's scaling by the sum of squared gradients.

use super::{State, Step, Transform};
use crisol_ir::Shape;
use crisol_tensor::Tensor;

/// `a += g^2`; the update is `g / sqrt(a + epsilon)` (Duchi et al., 2011).
#[derive(Clone, Debug)]
pub struct ScaleByAdagrad {
    /// What the sum starts with.
    pub initial_accumulator_value: f64,
    /// Keeps the divisor from 0.
    pub epsilon: f64,
}

impl Transform for ScaleByAdagrad {
    fn states(&self, parameter: &Shape) -> Vec<State> {
        vec![State { name: "accumulator", shape: *parameter, initial: self.initial_accumulator_value }]
    }

    fn apply(&self, _: &Step, update: Tensor, states: &mut [Tensor]) -> Tensor {
        states[0] = &states[0] + update.square();
        update / (&states[0] + self.epsilon).sqrt()
    }
}
