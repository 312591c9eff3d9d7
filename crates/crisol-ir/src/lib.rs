#![doc = include_str!("../README.md")]
//!
//! # Where things are
//!
//! | module | what lives there |
//! | --- | --- |
//! | [`dtype`], [`shape`], [`value`] | element types, shapes, and plain arrays of either (ndarray) |
//! | [`elements`] | arrays as lists of elements, and back |
//! | [`error`] | the one error type: kind, what was given, what was expected, where, what to do |
//! | [`graph`] | recorded tensor programs: nodes, verifier, text form |
//! | [`primitive`] | what every operation must tell about itself |
//! | [`cpu`](mod@cpu) | the kind of processor that kernels and compiled code are chosen for |
//! | [`kernel`] | the scalar language that fused code is written in: builder, verifier, text form |

pub mod cpu;
pub mod dtype;
pub mod elements;
pub mod error;
pub mod graph;
pub mod kernel;
pub mod primitive;
pub mod shape;
pub mod value;

pub use cpu::{Cpu, cpu};
pub use dtype::{DType, Element};
pub use error::{Error, ErrorKind, Result};
pub use graph::{Graph, Node, NodeId, Operation, TensorType};
pub use kernel::Kernel;
pub use primitive::{Attributes, Kind, Layout, Primitive, Probe};
pub use shape::Shape;
pub use value::Value;

pub use half;
pub use ndarray;
