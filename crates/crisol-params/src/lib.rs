#![doc = include_str!("../README.md")]
//!
//! # Where things are
//!
//! | module | what lives there |
//! | --- | --- |
//! | `initializer` | [`Initializer`] and one file for each of Keras' |
//! | `regularizer`, `constraint` | [`Regularizer`] and [`Constraint`], one file for each of Keras' |
//! | `settings` | [`WeightSettings`]: what a layer says about a weight |
//! | `named`, `read_settings` | things by name, and how files say which; types from their settings in files |
//! | `tree`, `weight` | [`Tree`]: the weights of a model by path; [`Weight`] |
//! | `safetensors`, `matching` | saving a tree to a file and loading it back, into another model too |
//! | [`bytes`], `files` | values as bytes; files that are never seen half-written |

pub mod bytes;
mod constraint;
mod files;
mod initializer;
mod matching;
mod named;
mod read_settings;
mod regularizer;
mod safetensors;
mod settings;
mod tree;
mod weight;

pub use constraint::{
    Constraint, MaxNorm, MinMaxNorm, NonNeg, UnitNorm, constraint_by_name, constraint_names, read_constraint,
};
pub use files::write_whole;
pub use initializer::{
    Constant, Distribution, GlorotNormal, GlorotUniform, HeNormal, HeUniform, Identity, Initializer, LecunNormal,
    LecunUniform, Mode, Ones, Orthogonal, RandomNormal, RandomUniform, TruncatedNormal, VarianceScaling, Zeros,
    initializer_by_name, initializer_names, read_initializer,
};
pub use named::Config;
pub use read_settings::read_settings;
pub use regularizer::{
    L1, L1L2, L2, OrthogonalMode, OrthogonalRegularizer, Regularizer, read_regularizer, regularizer_by_name,
    regularizer_names,
};
pub use safetensors::{LoadReport, Matched, decode_safetensors, encode_safetensors};
pub use settings::WeightSettings;
pub use tree::{Tree, path_key};
pub use weight::{Role, Weight};
