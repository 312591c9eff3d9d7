//! Adam's scaling by running means of the gradient and its square.

use super::{Moment, State, Step, Transform};
use crisol_ir::Shape;
use crisol_tensor::Tensor;

/// `m += (g - m)(1 - b1)`, `v += (g^2 - v)(1 - b2)`; the update is `m c / (sqrt(v) + epsilon)` with
/// `c = sqrt(1 - b2^t) / (1 - b1^t)` (Kingma and Ba, 2014, in the order Keras computes it).
///
/// With `amsgrad` the largest `v` so far divides (Reddi et al., 2018).
#[derive(Clone, Debug)]
pub struct ScaleByAdam {
    /// How much of the running mean of gradients stays at each step.
    pub beta_1: f64,
    /// How much of the running mean of squared gradients stays at each step.
    pub beta_2: f64,
    /// Keeps the divisor from 0.
    pub epsilon: f64,
    /// Whether the divisor never falls.
    pub amsgrad: bool,
}

impl Transform for ScaleByAdam {
    fn states(&self, parameter: &Shape) -> Vec<State> {
        let mut states = vec![State::zeros("momentum", parameter), State::zeros("velocity", parameter)];
        if self.amsgrad {
            states.push(State::zeros("velocity_hat", parameter));
        }
        states
    }

    fn numbers(&self, moment: &Moment) -> Vec<f64> {
        let time = moment.number as f64;
        vec![(1.0 - self.beta_2.powf(time)).sqrt() / (1.0 - self.beta_1.powf(time))]
    }

    fn apply(&self, step: &Step, update: Tensor, states: &mut [Tensor]) -> Tensor {
        let momentum = &states[0] + (&update - &states[0]) * (1.0 - self.beta_1);
        let velocity = &states[1] + (update.square() - &states[1]) * (1.0 - self.beta_2);
        let divisor = if self.amsgrad {
            states[2] = states[2].maximum(&velocity);
            states[2].clone()
        } else {
            velocity.clone()
        };
        let scaled = &momentum * &step.numbers[0] / (divisor.sqrt() + self.epsilon);
        states[0] = momentum;
        states[1] = velocity;
        scaled
    }
}
