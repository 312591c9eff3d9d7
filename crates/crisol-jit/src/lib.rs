#![doc = include_str!("../README.md")]
//!
//! # Where things are
//!
//! | module | what lives there |
//! | --- | --- |
//! | `compiled` | [`CompiledKernel`]: the processor, one Cranelift module a kernel, entry point and release |
//! | [`expression`] | [`Fused`](expression::Fused): Rust operators over slices |
//! | `lower` | the loop nest; `instruction`, `memory`, `reduce`, `value`: what is inside it |

mod compiled;
pub mod expression;
mod lower;

pub use compiled::CompiledKernel;
pub use crisol_ir::kernel::{Call, Kernel};
pub use crisol_ir::{Error, Result};
