#![doc = include_str!("../README.md")]
//!
//! # Where things are
//!
//! | module | what lives there |
//! | --- | --- |
//! | `fused`, [`expression`] | [`Fused`]: Rust operators over arrays; what can be written in it |
//! | `operand` | [`Operand`]: what it runs on |
//! | `loops`, `nest`, `results` | from shapes and strides to calls of a kernel, kept for the next arrays that lie alike; results of reductions |
//! | `compiled` | [`CompiledKernel`]: the processor, one Cranelift module a kernel, entry point and release |
//! | `rows` | [`CompiledRows`]: several kernels as one function, row by row |
//! | `sort_descending` | one sort for all that goes by what is largest |
//! | `lower` | the loop nest; `constants`, `instruction`, `memory`, `reduce`, `value`: what is inside it |
//! | `wide` | the same without Cranelift, in vectors of AVX-512 and AVX2 |

mod compiled;
pub mod expression;
mod fused;
mod loops;
mod lower;
mod nest;
mod operand;
mod results;
mod rows;
mod sort_descending;
mod wide;

pub use compiled::CompiledKernel;
pub use crisol_ir::kernel::{Call, Kernel, RowKernel};
pub use crisol_ir::ndarray;
pub use crisol_ir::{Error, ErrorKind, Result, Value};
pub use fused::Fused;
pub use operand::{Operand, OperandMut};
pub use rows::CompiledRows;
