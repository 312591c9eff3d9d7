//! The judge: the same loops as one would write them by hand, with 128-bit vectors and fused multiply-add where the kernels
//! have it. x86-64 only, with AVX and FMA: without them the functions may not be called.
#![allow(clippy::missing_safety_doc)] // that is the one condition of all of them

pub mod chains;
mod math;
