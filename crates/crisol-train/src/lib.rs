#![doc = include_str!("../README.md")]
//!
//! # Where things are
//!
//! | module | what lives there |
//! | --- | --- |
//! | `model`, `sequential` | [`Model`] and [`Sequential`] |
//! | `state` | the file of a training that is to go on later |
//! | `compile`, `fit` | the arguments of `compile` and `fit` |
//! | `data` | arrays and pipelines as batches of tensors |
//! | `step` | one step on one batch |
//! | `training` | the loops over epochs and steps |
//! | `trackers` | loss and metrics over the batches |

mod compile;
mod data;
mod fit;
mod model;
#[cfg(feature = "plot")]
mod plot;
mod sequential;
mod state;
mod step;
mod trackers;
mod training;

pub use compile::Compile;
pub use crisol_callbacks::Verbose;
pub use data::{Feed, IntoFeed};
pub use fit::Fit;
pub use model::Model;
#[cfg(feature = "plot")]
pub use plot::Plot;
pub use sequential::Sequential;
