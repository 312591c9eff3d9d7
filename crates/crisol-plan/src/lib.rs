#![doc = include_str!("../README.md")]
//!
//! # Where things are
//!
//! | module | what lives there |
//! | --- | --- |
//! | [`buffer`], `storage` | the memory of tensors, and where it comes from |
//! | [`interpret`] | kernels run instruction by instruction over blocks |
//! | `planner` | [`Planner`]: the cache of plans |
//! | `simplify`, `fuse`, `lower`, `nest` | from a graph to steps: smaller, grouped, as kernels over loops |
//! | `whole`, `moving` | operations with code of their own: matrix products, convolutions, pooling; joining and choosing elements |
//! | `rows`, `region`, `schedule`, `place` | steps over the same rows joined, put in waves, and given memory |
//! | `plan`, `compile`, `cache`, `explain`, `peak` | the finished plan, its kernels, its text, and what its memory is for |
//! | `run`, `wave`, `loops`, `joint` | running it; a kernel over a part of its nest; regions that are one function |

pub mod buffer;
mod cache;
mod compile;
mod copy;
mod draft;
mod explain;
mod fuse;
pub mod interpret;
mod joint;
mod loops;
mod lower;
mod moving;
mod nest;
mod peak;
mod place;
mod plan;
mod planner;
mod region;
mod rows;
mod run;
mod schedule;
mod scratch;
mod simplify;
mod storage;
mod wave;
mod whole;

pub use buffer::Buffer;
pub use compile::Mode;
pub use planner::{Argument, Planner, Prepared, Stats};
