#![doc = include_str!("../README.md")]
//!
//! # Where things are
//!
//! | module | what lives there |
//! | --- | --- |
//! | `model`, `sequential` | [`Model`] and [`Sequential`] |
//! | `compile`, `fit`, `evaluate` | the arguments of `compile`, `fit`, `evaluate` and `predict` |
//! | `compile_config` | the arguments of `compile` in a file |
//! | `arrays`, `held`, `data` | arrays and pipelines, and how they become batches |
//! | `batch` | [`Data`]: a batch as a step gets it |
//! | `step` | the built-in steps, and what steps of one's own are made of |
//! | `train_step` | [`TrainStep`] and [`Trainer`]: steps of one's own |
//! | `training`, `stream` | the loop over epochs and steps, and the batches it takes |
//! | `single` | single batches: `train_on_batch` and its kin |
//! | `predict` | the loop of `predict` |
//! | `plot`, `no_plot` | drawings of trainings and models, and what the compiler says where they are left out |
//! | `run` | the run as callbacks see it |
//! | `weights` | weights alone, to and from files |
//! | `trackers` | losses and metrics over the batches |
//! | `save`, `archive` | [`load_model`], and the files of models and of trainings that are to go on later |

mod archive;
mod arrays;
mod batch;
mod compile;
mod compile_config;
mod data;
mod evaluate;
mod fit;
mod held;
mod model;
#[cfg(not(feature = "plot"))]
mod no_plot;
#[cfg(feature = "plot")]
mod plot;
mod predict;
mod run;
mod save;
mod sequential;
mod single;
mod step;
mod stream;
mod trackers;
mod train_step;
mod training;
mod weights;

pub use arrays::{Arrays, IntoArrays};
pub use batch::Data;
pub use compile::Compile;
pub use crisol_callbacks::Verbose;
pub use data::{Feed, IntoFeed};
pub use evaluate::Evaluate;
pub use fit::{Fit, ValidationFrequency};
pub use model::Model;
#[cfg(not(feature = "plot"))]
pub use no_plot::Plot;
#[cfg(feature = "plot")]
pub use plot::Plot;
pub use save::load_model;
pub use sequential::Sequential;
pub use train_step::{Results, TrainStep, Trainer};
