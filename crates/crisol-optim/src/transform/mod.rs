//! Transforms: the small steps that an optimizer chains, from gradient to update.

mod adam;
mod momentum;
mod rate;
mod rms;

pub use adam::ScaleByAdam;
pub use momentum::Momentum;
pub use rate::ScaleByRate;
pub use rms::ScaleByRms;

use crisol_tensor::Tensor;

/// What all parameters share in one step.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// The number of this step, from 1.
    pub number: u64,
    /// The learning rate of this step.
    pub learning_rate: f64,
}

/// A step from gradient to update, with its state for each parameter as named tensors of the parameter's shape.
///
/// The chain's last result is added to the parameter. Numbers that change from step to step enter as scalars, so that they
/// never make a new plan.
pub trait Transform: std::fmt::Debug + Send + Sync {
    /// The names of its states; each starts as zeros.
    fn states(&self) -> &'static [&'static str];

    /// The next update; `states` are replaced by their new values.
    fn apply(&self, step: &Step, update: Tensor, states: &mut [Tensor]) -> Tensor;
}
