#![doc = include_str!("../README.md")]
//!
//! Where things are: `study` runs `experiment`s and collects an `outcome` a seed; `hypothesis` says what was
//! expected, `verdict` weighs it with the arithmetic of `statistics`; `report` holds what came out, `render` with
//! `table`, `markdown` and `results` writes it down, and `folder` puts the files in place together.

mod error;
mod experiment;
mod facts;
mod folder;
mod hypothesis;
mod markdown;
mod outcome;
mod render;
mod report;
mod results;
mod statistics;
mod study;
mod table;
mod verdict;

pub use error::{BoxError, Error};
pub use experiment::{Experiment, Run};
pub use facts::Facts;
pub use hypothesis::{
    Claim, Comparative, Hypothesis, better_than_majority, higher, lower, no_better_than_majority, reaches,
};
pub use outcome::{Best, Outcome};
pub use report::{Report, Trial};
pub use statistics::{Direction, Summary};
pub use study::Study;
pub use verdict::{Judgement, Verdict};

/// What every function of this crate returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;
