//! Adafactor's scaling by rows and columns.

use super::{Moment, State, Step, Transform};
use crisol_ir::Shape;
use crisol_tensor::Tensor;

/// Scales by means of squared gradients that are kept for rows and columns alone (Shazeer and Stern, 2018), by the size of the parameter, and by
/// the rate: no [`ScaleByRate`](super::ScaleByRate) follows.
///
/// With `b = 1 - t^beta_2_decay` and `s = g^2 + epsilon_1`: `r = b r + (1 - b) mean(s)` over the last axis, `c` likewise over the one before,
/// `v = r c / mean(r)` (for vectors `v = b v + (1 - b) s`), `u = g / sqrt(v)`, and the update is
/// `-max(epsilon_2, rms(w)) min(rate, 1 / sqrt(t)) u / max(1, rms(u) / clip_threshold)`.
#[derive(Clone, Debug)]
pub struct ScaleByAdafactor {
    /// How the means forget, below 0.
    pub beta_2_decay: f64,
    /// Keeps the squares from 0.
    pub epsilon_1: f64,
    /// Keeps the size of the parameter from 0.
    pub epsilon_2: f64,
    /// The root mean square from which updates are made smaller.
    pub clip_threshold: f64,
}

impl Transform for ScaleByAdafactor {
    fn states(&self, parameter: &Shape) -> Vec<State> {
        let sizes = parameter.sizes();
        let without = |axis: usize| {
            let mut rest = sizes.to_vec();
            rest.remove(axis);
            Shape::new(&rest).unwrap_or(Shape::SCALAR)
        };
        match sizes.len() {
            0 | 1 => vec![State::zeros("velocity", parameter)],
            rank => vec![State::zeros("rows", &without(rank - 1)), State::zeros("columns", &without(rank - 2))],
        }
    }

    fn numbers(&self, moment: &Moment) -> Vec<f64> {
        let time = moment.number as f64;
        let take = time.powf(self.beta_2_decay);
        vec![1.0 - take, take, -moment.learning_rate.min(1.0 / time.sqrt())]
    }

    fn apply(&self, step: &Step, update: Tensor, states: &mut [Tensor]) -> Tensor {
        let (keep, take, rate) = (&step.numbers[0], &step.numbers[1], &step.numbers[2]);
        let squares = update.square() + self.epsilon_1;
        let mean = |old: &Tensor, new: Tensor| old * keep + new * take;
        let velocity = match states {
            [rows, columns] => {
                *rows = mean(rows, squares.mean(-1));
                *columns = mean(columns, squares.mean(-2));
                (&*rows / rows.mean_keep(-1)).expand_dims(-1) * columns.expand_dims(-2)
            }
            _ => {
                states[0] = mean(&states[0], squares);
                states[0].clone()
            }
        };
        let size = |x: &Tensor| x.square().mean_all().sqrt();
        let update = update / velocity.sqrt();
        let clipped = &update / (size(&update) / self.clip_threshold).maximum(1.0);
        clipped * (size(step.parameter).maximum(self.epsilon_2) * rate)
    }
}
