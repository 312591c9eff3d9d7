#![doc = include_str!("../README.md")]
//!
//! # Where things are
//!
//! | module | what lives there |
//! | --- | --- |
//! | `tensor` | [`Tensor`]: construction, shape, values out |
//! | `recorder` | the per-thread recording, its flush, and [`record`], through which every operation goes |
//! | `variable` | [`Variable`]: cells for weights and states |
//! | `trace` | [`Trace`]: shapes without values |
//! | `operators`, `elementwise`, `movement`, `reduce`, `linear` | the methods of tensors |
//! | [`activations`], [`random`] | activation functions by name; keys and random tensors |

pub mod activations;
mod elementwise;
mod linear;
mod movement;
mod operand;
mod operators;
pub mod random;
mod recorder;
mod reduce;
mod targets;
mod tensor;
mod trace;
mod variable;

pub use crisol_ir::{DType, Error, ErrorKind, Graph, NodeId, Result, Shape, TensorType, Value, ndarray};
pub use crisol_plan::Stats;
pub use linear::{Conv2dAttributes, Pool2dAttributes, same_padding};
pub use operand::Operand;
pub use recorder::{KeepNodes, evaluate, is_tracing, record, record_many, stats};
pub use reduce::Axes;
pub use targets::align_targets;
pub use tensor::{Tensor, evaluate_all};
pub use trace::Trace;
pub use variable::{Source, Variable};
