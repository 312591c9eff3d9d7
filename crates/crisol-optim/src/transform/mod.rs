//! Transforms: the small steps that an optimizer chains, from gradient to update.

mod adadelta;
mod adafactor;
mod adagrad;
mod adam;
mod adamax;
mod ftrl;
mod lion;
mod momentum;
mod nadam;
mod rate;
mod rms;
mod trust_ratio;
mod unbiased_adam;

pub use adadelta::ScaleByAdadelta;
pub use adafactor::ScaleByAdafactor;
pub use adagrad::ScaleByAdagrad;
pub use adam::ScaleByAdam;
pub use adamax::ScaleByAdamax;
pub use ftrl::FollowRegularizedLeader;
pub use lion::ScaleByLion;
pub use momentum::Momentum;
pub use nadam::ScaleByNadam;
pub use rate::ScaleByRate;
pub use rms::ScaleByRms;
pub use trust_ratio::ScaleByTrustRatio;
pub use unbiased_adam::ScaleByUnbiasedAdam;

use crisol_ir::{DType, Shape, Value};
use crisol_tensor::Tensor;

/// When a step is taken.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The number of the step, from 1.
    pub number: u64,
    /// The learning rate of the step.
    pub learning_rate: f64,
}

/// One step of one parameter, as a transform sees it.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// The parameter's path.
    pub path: &'a str,
    /// The parameter's value before the step, after weight decay.
    pub parameter: &'a Tensor,
    /// What the transform's [`numbers`](Transform::numbers) are at this step, as scalars in the parameter's element type.
    ///
    /// They are inputs of the plan whatever their values: a learning rate of 0 or a correction that has reached 1 makes no new plan, as
    /// such Rust numbers beside a tensor would.
    pub numbers: &'a [Tensor],
}

/// One state of a parameter: its name, its shape, and what it is filled with at first.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// The name: `"momentum"`.
    pub name: &'static str,
    /// The shape, most often the parameter's.
    pub shape: Shape,
    /// The number it starts with.
    pub initial: f64,
}

impl State {
    /// A state that starts as zeros.
    pub fn zeros(name: &'static str, shape: &Shape) -> State {
        State { name, shape: *shape, initial: 0.0 }
    }

    /// What it starts with.
    pub(crate) fn value(&self, dtype: DType) -> Value {
        let mut value = Value::zeros(DType::F64, &self.shape);
        if let Value::F64(array) = &mut value {
            array.fill(self.initial);
        }
        value.cast(dtype)
    }
}

/// A step from gradient to update, with its states for each parameter.
///
/// The chain's last result is added to the parameter. What a transform keeps between steps are its states: they are saved, restored and
/// rolled back when a step fails. What is done to the tensors depends on settings alone: it is recorded once, then repeated. Numbers that
/// change from step to step are named by [`numbers`](Transform::numbers).
pub trait Transform: std::fmt::Debug + Send + Sync {
    /// Its states for a parameter of the given shape; none, unless said.
    fn states(&self, parameter: &Shape) -> Vec<State> {
        let _ = parameter;
        Vec::new()
    }

    /// The numbers that change from step to step; none, unless said.
    fn numbers(&self, moment: &Moment) -> Vec<f64> {
        let _ = moment;
        Vec::new()
    }

    /// The next update; `states` are replaced by their new values.
    fn apply(&self, step: &Step, update: Tensor, states: &mut [Tensor]) -> Tensor;
}
