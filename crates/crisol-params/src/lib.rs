#![doc = include_str!("../README.md")]
//!
//! # Where things are
//!
//! | module | what lives there |
//! | --- | --- |
//! | `initializer` | [`Initializer`] and one file for each of Keras' |
//! | `tree` | [`Tree`]: the weights of a model by path; [`Weight`] |
//! | `safetensors` | saving a tree to a file and loading it back |
//! | [`bytes`], `files` | values as bytes; files that are never seen half-written |

pub mod bytes;
mod files;
mod initializer;
mod safetensors;
mod tree;

pub use files::write_whole;
pub use initializer::{
    Constant, Distribution, GlorotNormal, GlorotUniform, HeNormal, HeUniform, Initializer, LecunNormal, LecunUniform,
    Mode, Ones, RandomNormal, RandomUniform, TruncatedNormal, VarianceScaling, Zeros, initializer_by_name,
};
pub use safetensors::LoadReport;
pub use tree::{Role, Tree, Weight, path_key};
