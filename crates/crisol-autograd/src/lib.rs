#![doc = include_str!("../README.md")]
//!
//! # Where things are
//!
//! | module | what lives there |
//! | --- | --- |
//! | `tape`, `gradients` | [`GradientTape`]; [`Gradients`] and how they are asked for |
//! | `jacobian`, `vectorize` | jacobians: a backward pass over all elements of a target at once |
//! | `functional` | [`value_and_gradients`], products with jacobians and hessians |
//! | `backward` | reverse accumulation over a graph |
//! | `differentiate` | the same over this thread's recording, where gradients may be functions of tensors |
//! | `custom_gradient`, `note` | [`custom_gradient`]: a function with a gradient of its own |
//! | `custom_op`, `registry` | [`CustomOp`]: an operation of one's own |
//! | `checkpoint` | [`checkpoint`]: computing again instead of keeping |
//! | `check` | [`GradientCheck`]: gradients against differences |

mod backward;
mod check;
mod checkpoint;
mod contributions;
mod custom_gradient;
mod custom_op;
mod differentiate;
mod functional;
mod gradients;
mod jacobian;
mod note;
mod registry;
mod tape;
mod vectorize;

pub use backward::append_gradients;
pub use check::{GradientCheck, check_gradients};
pub use checkpoint::checkpoint;
pub use custom_gradient::custom_gradient;
pub use custom_op::{CustomOp, no_gradient};
pub use functional::{hessian_vector_product, jacobian_vector_product, value_and_gradients, vector_jacobian_product};
pub use gradients::{GradientOptions, Gradients, UnconnectedGradients};
pub use tape::GradientTape;
