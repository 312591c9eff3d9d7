//! Adamax's scaling by the largest gradient of late.

use super::{Moment, State, Step, Transform};
use crisol_ir::Shape;
use crisol_tensor::Tensor;

/// `m += (g - m)(1 - b1)`, `u = max(b2 u, |g|)`; the update is `m / ((1 - b1^t)(u + epsilon))` (Kingma and Ba, 2014).
#[derive(Clone, Debug)]
pub struct ScaleByAdamax {
    /// How much of the running mean of gradients stays at each step.
    pub beta_1: f64,
    /// How much of the largest gradient stays at each step.
    pub beta_2: f64,
    /// Keeps the divisor from 0.
    pub epsilon: f64,
}

impl Transform for ScaleByAdamax {
    fn states(&self, parameter: &Shape) -> Vec<State> {
        vec![State::zeros("momentum", parameter), State::zeros("norm", parameter)]
    }

    fn numbers(&self, moment: &Moment) -> Vec<f64> {
        vec![1.0 - self.beta_1.powf(moment.number as f64)]
    }

    fn apply(&self, step: &Step, update: Tensor, states: &mut [Tensor]) -> Tensor {
        let momentum = &states[0] + (&update - &states[0]) * (1.0 - self.beta_1);
        let norm = (&states[1] * self.beta_2).maximum(update.abs());
        let scaled = &momentum / ((&norm + self.epsilon) * &step.numbers[0]);
        states[0] = momentum;
        states[1] = norm;
        scaled
    }
}
