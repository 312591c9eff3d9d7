#![doc = include_str!("../README.md")]

mod adam;
mod by_name;
mod optimizer;
mod parameter;
mod rmsprop;
mod sgd;
pub mod transform;

pub use adam::Adam;
pub use by_name::{IntoOptimizer, by_name};
pub use optimizer::{Optimizer, OptimizerState, SlotState};
pub use parameter::Parameter;
pub use rmsprop::RmsProp;
pub use sgd::Sgd;
