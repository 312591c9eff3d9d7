//! Lion's sign of a blend of momentum and gradient.

use super::{State, Step, Transform};
use crisol_ir::Shape;
use crisol_tensor::Tensor;

/// The update is `sign(b1 m + (1 - b1) g)`, then `m = b2 m + (1 - b2) g` (Chen et al., 2023).
#[derive(Clone, Debug)]
pub struct ScaleByLion {
    /// How much of the momentum is in the update.
    pub beta_1: f64,
    /// How much of the momentum stays at each step.
    pub beta_2: f64,
}

impl Transform for ScaleByLion {
    fn states(&self, parameter: &Shape) -> Vec<State> {
        vec![State::zeros("momentum", parameter)]
    }

    fn apply(&self, _: &Step, update: Tensor, states: &mut [Tensor]) -> Tensor {
        let sign = (&states[0] * self.beta_1 + &update * (1.0 - self.beta_1)).sign();
        states[0] = &states[0] * self.beta_2 + update * (1.0 - self.beta_2);
        sign
    }
}
