//! Nadam's scaling: Adam's with a momentum that looks one step ahead and grows.

use super::{Moment, State, Step, Transform};
use crisol_ir::Shape;
use crisol_tensor::Tensor;

/// With `u(t) = b1 (1 - 0.96^t / 2)` and `U(t)` the product of all `u` so far: `m += (g - m)(1 - b1)`, `v += (g^2 - v)(1 - b2)`; the update
/// is `(u(t+1) m / (1 - U(t) u(t+1)) + (1 - u(t)) g / (1 - U(t))) / (sqrt(v / (1 - b2^t)) + epsilon)` (Dozat, 2015).
#[derive(Clone, Debug)]
pub struct ScaleByNadam {
    /// How much of the running mean of gradients stays at each step, in the long run.
    pub beta_1: f64,
    /// How much of the running mean of squared gradients stays at each step.
    pub beta_2: f64,
    /// Keeps the divisor from 0.
    pub epsilon: f64,
}

impl Transform for ScaleByNadam {
    fn states(&self, parameter: &Shape) -> Vec<State> {
        // The product is a state: with accumulated gradients not every step multiplies.
        let product = State { name: "u_product", shape: Shape::SCALAR, initial: 1.0 };
        vec![State::zeros("momentum", parameter), State::zeros("velocity", parameter), product]
    }

    fn numbers(&self, moment: &Moment) -> Vec<f64> {
        let time = moment.number as f64;
        let weight = |time: f64| self.beta_1 * (1.0 - 0.5 * 0.96f64.powf(time));
        vec![weight(time), weight(time + 1.0), 1.0 - self.beta_2.powf(time)]
    }

    fn apply(&self, step: &Step, update: Tensor, states: &mut [Tensor]) -> Tensor {
        let (now, next, bias) = (&step.numbers[0], &step.numbers[1], &step.numbers[2]);
        let product = &states[2] * now;
        let momentum = &states[0] + (&update - &states[0]) * (1.0 - self.beta_1);
        let velocity = &states[1] + (update.square() - &states[1]) * (1.0 - self.beta_2);
        let ahead = &momentum * next / (1.0 - &product * next);
        let mean = ahead + update * (1.0 - now) / (1.0 - &product);
        let scale = (&velocity / bias).sqrt() + self.epsilon;
        states[0] = momentum;
        states[1] = velocity;
        states[2] = product;
        mean / scale
    }
}
