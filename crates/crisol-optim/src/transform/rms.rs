//! Scaling by the root of the running mean of squared gradients.

use super::{State, Step, Transform};
use crisol_ir::Shape;
use crisol_tensor::Tensor;

/// `v = rho * v + (1 - rho) * g^2`; the update is `g / sqrt(v + epsilon)`. Centred, the running mean of `g` is squared and taken off
/// `v` first (Hinton, lecture 6e; Graves, 2013).
#[derive(Clone, Debug)]
pub struct ScaleByRms {
    /// How much of the running means stays at each step.
    pub rho: f64,
    /// Keeps the divisor from 0.
    pub epsilon: f64,
    /// Whether to divide by an estimate of the variance rather than of the mean square.
    pub centered: bool,
}

impl Transform for ScaleByRms {
    fn states(&self, parameter: &Shape) -> Vec<State> {
        let mut states = vec![State::zeros("velocity", parameter)];
        if self.centered {
            states.push(State::zeros("average_gradient", parameter));
        }
        states
    }

    fn apply(&self, _step: &Step, update: Tensor, states: &mut [Tensor]) -> Tensor {
        let velocity = &states[0] * self.rho + update.square() * (1.0 - self.rho);
        let mut denominator = &velocity + self.epsilon;
        if self.centered {
            let average = &states[1] * self.rho + &update * (1.0 - self.rho);
            denominator = denominator - average.square();
            states[1] = average;
        }
        states[0] = velocity;
        update / denominator.sqrt()
    }
}
