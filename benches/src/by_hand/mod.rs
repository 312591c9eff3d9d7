//! The judge: the same loops as one would write them by hand, with 128-bit vectors and fused multiply-add where the kernels
//! have it. x86-64 only.

pub mod chains;
mod math;
