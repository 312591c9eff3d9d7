#![doc = include_str!("../README.md")]
//!
//! Lives here: what gets data from files into batches of ndarray arrays. [`Dataset`] is the pipeline, [`image_folder`],
//! [`read_idx`], [`datasets`] and [`read_csv`] fill it. Nothing here knows a tensor, so any training loop can use it.

mod array;
mod batch;
mod dataset;
pub mod datasets;
mod epoch;
mod error;
mod idx;
mod image;
mod prefetch;
mod random;
mod source;
mod stage;
mod table;

pub use array::{Array, Element};
pub use batch::Batch;
pub use dataset::Dataset;
pub use epoch::{Epoch, Unmade};
pub use error::{Error, ErrorKind, Place, Result};
pub use idx::read_idx;
pub use image::{Bad, ImageDataset, ImageFolder, Skipped, Subset, image_folder};
pub use ndarray;
pub use random::{permutation, train_test_split};
pub use source::Source;
pub use table::{Column, Table, Values, read_csv, read_csv_from};
