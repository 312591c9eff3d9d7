#![doc = include_str!("../README.md")]

mod adadelta;
mod adafactor;
mod adagrad;
mod adam;
mod adamax;
mod adamw;
mod arrays;
mod by_name;
mod ftrl;
mod lamb;
mod learning_rate;
mod lion;
mod nadam;
mod optimizer;
mod options;
mod parameter;
mod rmsprop;
pub mod schedules;
mod sgd;
mod slots;
mod state;
pub mod transform;
mod update;

pub use adadelta::Adadelta;
pub use adafactor::Adafactor;
pub use adagrad::Adagrad;
pub use adam::Adam;
pub use adamax::Adamax;
pub use adamw::AdamW;
pub use arrays::NamedArray;
pub use by_name::{IntoOptimizer, by_name, from_config, names};
pub use ftrl::Ftrl;
pub use lamb::Lamb;
pub use learning_rate::LearningRate;
pub use lion::Lion;
pub use nadam::Nadam;
pub use optimizer::Optimizer;
pub use options::{OptimizerOptions, Options};
pub use parameter::Parameter;
pub use rmsprop::RmsProp;
pub use sgd::Sgd;
pub use state::{OptimizerState, SlotState};

use by_name::{Entry, entry};

/// Every optimizer by Keras' name.
const OPTIMIZERS: &[Entry] = &[
    entry!("sgd", Sgd),
    entry!("rmsprop", RmsProp),
    entry!("adam", Adam),
    entry!("adamw", AdamW),
    entry!("adagrad", Adagrad),
    entry!("adadelta", Adadelta),
    entry!("adamax", Adamax),
    entry!("nadam", Nadam),
    entry!("lion", Lion),
    entry!("lamb", Lamb),
    entry!("ftrl", Ftrl),
    entry!("adafactor", Adafactor),
];
