//! Momentum: a running sum of updates that fades.

use super::{State, Step, Transform};
use crisol_ir::Shape;
use crisol_tensor::Tensor;

/// `m = momentum * m + update`; the update is `m`, or with Nesterov's look-ahead `momentum * m + update`.
#[derive(Clone, Debug)]
pub struct Momentum {
    /// How much of the sum stays at each step, from 0 to 1.
    pub momentum: f64,
    /// Whether to look one step ahead.
    pub nesterov: bool,
}

impl Transform for Momentum {
    fn states(&self, parameter: &Shape) -> Vec<State> {
        vec![State::zeros("momentum", parameter)]
    }

    fn apply(&self, _step: &Step, update: Tensor, states: &mut [Tensor]) -> Tensor {
        let sum = &states[0] * self.momentum + &update;
        states[0] = sum.clone();
        if self.nesterov { sum * self.momentum + update } else { sum }
    }
}
