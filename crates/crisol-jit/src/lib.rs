#![doc = include_str!("../README.md")]

mod compiled;
pub mod expression;
mod lower;

pub use compiled::CompiledKernel;
pub use crisol_ir::kernel::{Call, Kernel};
pub use crisol_ir::{Error, Result};
