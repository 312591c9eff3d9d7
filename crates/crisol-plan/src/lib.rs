#![doc = include_str!("../README.md")]
//!
//! # Where things are
//!
//! | module | what lives there |
//! | --- | --- |
//! | [`buffer`] | the memory of tensors |
//! | [`interpret`] | kernels run instruction by instruction over blocks |
//! | `planner` | [`Planner`]: the cache of plans |
//! | `simplify`, `fuse`, `lower`, `nest`, `place` | from a graph to steps: smaller, grouped, as kernels over loops, in memory |
//! | `whole`, `moving` | operations with code of their own: matrix products, convolutions, pooling; joining and choosing elements |
//! | `plan`, `compile`, `run` | the finished plan, its kernels, and running it |

pub mod buffer;
mod compile;
mod copy;
mod explain;
mod fuse;
pub mod interpret;
mod lower;
mod moving;
mod nest;
mod place;
mod plan;
mod planner;
mod region;
mod run;
mod schedule;
mod simplify;
mod wave;
mod whole;

pub use buffer::Buffer;
pub use compile::Mode;
pub use planner::{Argument, Planner, Prepared, Stats};
