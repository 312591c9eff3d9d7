#![doc = include_str!("../README.md")]

mod binary_crossentropy;
mod by_name;
mod loss;
mod mean_squared_error;
mod sparse_categorical_crossentropy;

pub use binary_crossentropy::BinaryCrossentropy;
pub use by_name::{IntoLoss, by_name};
pub use loss::{Loss, Reduction};
pub use mean_squared_error::MeanSquaredError;
pub use sparse_categorical_crossentropy::SparseCategoricalCrossentropy;

/// How far probabilities are kept from 0 and 1 before a logarithm is taken: Keras' `epsilon()`.
pub const EPSILON: f64 = 1e-7;
