//! Adam's scaling with both means corrected before the divisor is kept from 0, as Lamb uses it.

use super::{Moment, State, Step, Transform};
use crisol_ir::Shape;
use crisol_tensor::Tensor;

/// `m += (g - m)(1 - b1)`, `v += (g^2 - v)(1 - b2)`; the update is `m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + epsilon)`.
#[derive(Clone, Debug)]
pub struct ScaleByUnbiasedAdam {
    /// How much of the running mean of gradients stays at each step.
    pub beta_1: f64,
    /// How much of the running mean of squared gradients stays at each step.
    pub beta_2: f64,
    /// Keeps the divisor from 0.
    pub epsilon: f64,
}

impl Transform for ScaleByUnbiasedAdam {
    fn states(&self, parameter: &Shape) -> Vec<State> {
        vec![State::zeros("momentum", parameter), State::zeros("velocity", parameter)]
    }

    fn numbers(&self, moment: &Moment) -> Vec<f64> {
        let time = moment.number as f64;
        vec![1.0 - self.beta_1.powf(time), 1.0 - self.beta_2.powf(time)]
    }

    fn apply(&self, step: &Step, update: Tensor, states: &mut [Tensor]) -> Tensor {
        let momentum = &states[0] + (&update - &states[0]) * (1.0 - self.beta_1);
        let velocity = &states[1] + (update.square() - &states[1]) * (1.0 - self.beta_2);
        let mean = &momentum / &step.numbers[0];
        let scale = (&velocity / &step.numbers[1]).sqrt() + self.epsilon;
        states[0] = momentum;
        states[1] = velocity;
        mean / scale
    }
}
