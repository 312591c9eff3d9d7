#![doc = include_str!("../README.md")]
//!
//! Where things are: `curve` holds the input type and sorts curves into panels, `history` and
//! `comparison` say which panels a picture has, `figure` and `scale` draw them, `graph` draws boxes
//! and arrows, `file` encodes and writes.

mod comparison;
mod curve;
mod error;
mod figure;
mod file;
mod graph;
mod history;
mod scale;

pub use comparison::{comparison_png, plot_comparison};
pub use curve::Curve;
pub use error::Error;
pub use graph::{GraphNode, graph_svg, plot_graph};
pub use history::{history_png, plot_history};

/// What every function of this crate returns.
pub type Result<T> = std::result::Result<T, Error>;
