//! What losses and metrics measure alike: functions of targets and predictions, one value a sample.
//!
//! Both come in one shape and one floating point type, as [`align`](crate::align) and [`Tensor::cast`](crate::Tensor::cast) make them; the
//! last axis (or `axis`) holds what belongs to one sample and vanishes. A wrong shape travels in the result.
//! The formulas are those of Keras 3 under the same names, in single or double precision.
//!
//! ```
//! use crisol_tensor::{Tensor, distances};
//! let y = Tensor::from_slice(&[0.0f32, 1.0, 0.0, 0.0], [2, 2]);
//! let p = Tensor::from_slice(&[1.0f32, 1.0, 1.0, 0.0], [2, 2]);
//! assert_eq!(distances::mean_squared_error(&y, &p).to_vec::<f32>()?, [0.5, 0.5]);
//! # Ok::<(), crisol_tensor::Error>(())
//! ```

mod crossentropy;
mod hinge;
mod regression;

pub use crossentropy::{
    binary_crossentropy, categorical_crossentropy, kl_divergence, log_probabilities, poisson,
    sigmoid_crossentropy_with_logits, smooth_binary, smooth_categorical, sparse_categorical_crossentropy,
};
pub use hinge::{categorical_hinge, hinge, squared_hinge};
pub use regression::{
    cosine_similarity, log_cosh, mean_absolute_error, mean_absolute_percentage_error, mean_squared_error,
    mean_squared_logarithmic_error,
};

/// How far probabilities are kept from 0 and 1 before a logarithm is taken: Keras' `epsilon()`.
pub const EPSILON: f64 = 1e-7;
