#![doc = include_str!("../README.md")]
//!
//! # Where things are
//!
//! | module | what lives there |
//! | --- | --- |
//! | `tensor` | [`Tensor`]: construction, shape, values out |
//! | `recorder` | one a thread; [`record`], through which every operation goes |
//! | `recording`, `flush` | the graph so far, and its flush, which runs it |
//! | `stretches` | what is appended again at once: gradients, updates |
//! | `traced` | what is known of a program that is recorded again: cells, plans of flushes, gradients |
//! | `cell` | what the handles of a tensor share |
//! | `keep_nodes` | [`KeepNodes`], what gradient tapes are made of |
//! | `variable` | [`Variable`]: cells for weights and states |
//! | `trace` | [`Trace`]: shapes without values |
//! | `operators`, `elementwise`, `logic`, `movement`, `joining`, `indexing`, `reduce`, `linear` | the methods of tensors |
//! | [`activations`], [`random`] | activation functions by name; keys and random tensors |
//! | `targets`, [`distances`] | targets and weights against predictions: what losses and metrics have in common |

pub mod activations;
mod cell;
pub mod distances;
mod elementwise;
mod flush;
mod indexing;
mod joining;
mod keep_nodes;
mod linear;
mod logic;
mod movement;
mod operand;
mod operators;
pub mod random;
mod recorder;
mod recording;
mod reduce;
mod stretches;
mod targets;
mod tensor;
mod trace;
mod traced;
mod variable;

pub use crisol_ir::{DType, Error, ErrorKind, Graph, NodeId, Result, Shape, TensorType, Value, half, ndarray};
pub use crisol_plan::Stats;
pub use keep_nodes::{KeepNodes, position};
pub use linear::{
    Conv2dAttributes, Interpolation, Padding, Pool2dAttributes, causal_padding, same_padding, transposed_window,
};
pub use operand::Operand;
pub use recorder::{
    evaluate, evaluate_all, is_tracing, record, record_many, repeated, set_cursor, set_jit, sizes, stats, stretch,
};
pub use recording::Sizes;
pub use reduce::Axes;
pub use targets::{align, spread_weights};
pub use tensor::Tensor;
pub use trace::Trace;
pub use variable::{Source, Variable};
