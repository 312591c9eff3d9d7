//! Adadelta's scaling by running means of squared gradients and squared updates.

use super::{State, Step, Transform};
use crisol_ir::Shape;
use crisol_tensor::Tensor;

/// `a = rho a + (1 - rho) g^2`; the update is `d = g sqrt(b + epsilon) / sqrt(a + epsilon)`, then `b = rho b + (1 - rho) d^2` (Zeiler, 2012).
#[derive(Clone, Debug)]
pub struct ScaleByAdadelta {
    /// How much of the running means stays at each step.
    pub rho: f64,
    /// Keeps both roots from 0.
    pub epsilon: f64,
}

impl Transform for ScaleByAdadelta {
    fn states(&self, parameter: &Shape) -> Vec<State> {
        vec![State::zeros("accumulated_grad", parameter), State::zeros("accumulated_delta_var", parameter)]
    }

    fn apply(&self, _: &Step, update: Tensor, states: &mut [Tensor]) -> Tensor {
        let root = |x: &Tensor| (x + self.epsilon).sqrt();
        let mean = |mean: &Tensor, x: &Tensor| mean * self.rho + x.square() * (1.0 - self.rho);
        states[0] = mean(&states[0], &update);
        let delta = root(&states[1]) * update / root(&states[0]);
        states[1] = mean(&states[1], &delta);
        delta
    }
}
