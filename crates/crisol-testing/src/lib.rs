#![doc = include_str!("../README.md")]
//!
//! # Where things are
//!
//! | module | what lives there |
//! | --- | --- |
//! | `strategy` | [`shape`], [`sizes`], [`any_shape`], [`tensor`], [`labels`]: what property tests draw |
//! | `layer` | [`check_layer`] |
//! | `optimizer` | [`check_optimizer`] |

mod layer;
mod optimizer;
mod strategy;

pub use crisol_autograd::{GradientCheck, check_gradients};
pub use layer::{LayerCheck, check_layer};
pub use optimizer::{OptimizerCheck, check_optimizer};
/// The property testing library, of the version whose strategies these are.
pub use proptest;
pub use strategy::{Sample, any_shape, labels, shape, sizes, tensor};
