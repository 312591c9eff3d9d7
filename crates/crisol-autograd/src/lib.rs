#![doc = include_str!("../README.md")]

mod backward;
mod check;
mod tape;

pub use backward::append_gradients;
pub use check::check_gradients;
pub use tape::{GradientTape, Gradients};
