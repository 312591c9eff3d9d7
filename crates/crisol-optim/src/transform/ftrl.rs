//! Following the regularized leader.

use super::{Moment, State, Step, Transform};
use crisol_ir::Shape;
use crisol_tensor::Tensor;

/// Ftrl-proximal (McMahan et al., 2013) with Keras' settings: the parameter is computed anew from sums of gradients, and weights below the L1 strength are
/// exactly 0. The update is the difference to the new value, with the learning rate in it: no [`ScaleByRate`](super::ScaleByRate) follows.
///
/// With `p = -learning_rate_power`, `n' = n + g^2`: `z += g + 2 l2_shrinkage w - (n'^p - n^p) / rate * w`, then
/// `w = (clip(z, -l1, l1) - z) / (n'^p / rate + 2 l2 + beta / rate)`.
#[derive(Clone, Debug)]
pub struct FollowRegularizedLeader {
    /// How fast the rate falls, at most 0.
    pub learning_rate_power: f64,
    /// What the sum of squared gradients starts with.
    pub initial_accumulator_value: f64,
    /// Strength of L1.
    pub l1: f64,
    /// Strength of L2.
    pub l2: f64,
    /// Strength of L2 that acts on the gradient.
    pub l2_shrinkage: f64,
    /// Added to the strength of L2 as `beta / (2 rate)`.
    pub beta: f64,
}

impl Transform for FollowRegularizedLeader {
    fn states(&self, parameter: &Shape) -> Vec<State> {
        let accumulator = State { name: "accumulator", shape: *parameter, initial: self.initial_accumulator_value };
        vec![accumulator, State::zeros("linear", parameter)]
    }

    fn numbers(&self, moment: &Moment) -> Vec<f64> {
        vec![moment.learning_rate, 2.0 * (self.l2 + self.beta / (2.0 * moment.learning_rate))]
    }

    fn apply(&self, step: &Step, update: Tensor, states: &mut [Tensor]) -> Tensor {
        let (weight, rate, ridge) = (step.parameter, &step.numbers[0], &step.numbers[1]);
        let power = -self.learning_rate_power;
        let accumulator = &states[0] + update.square();
        let raised = accumulator.pow(power);
        let pull = (&raised - states[0].pow(power)) / rate * weight;
        let linear = &states[1] + (update + weight * (2.0 * self.l2_shrinkage) - pull);
        let quadratic = raised / rate + ridge;
        let value = (linear.clip(-self.l1, self.l1) - &linear) / quadratic;
        states[0] = accumulator;
        states[1] = linear;
        value - weight
    }
}
