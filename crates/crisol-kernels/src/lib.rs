#![doc = include_str!("../README.md")]

mod blocks;
mod concatenate;
mod conv;
mod cumsum;
mod denormals;
mod error;
mod gather;
mod matmul;
mod matrix;
mod order;
mod panels;
mod pool;
mod pooling;
mod product;
mod real;
mod shared;
mod sort;
mod sum_pooling;
mod tile;

pub use blocks::RowBlocks;
pub use concatenate::concatenate;
pub use conv::{Conv2d, conv2d, conv2d_input_gradient, conv2d_weight_gradient, conv2d_with};
pub use cumsum::cumsum;
pub use denormals::FlushDenormals;
pub use error::GeometryError;
pub use gather::{Additive, Choice, ChoiceError, Index, gather, scatter_add};
pub use matmul::{Epilogue, UNCUT_DEPTH, matmul, matmul_batched, matmul_blocks, matmul_rows};
pub use matrix::Matrix;
pub use order::{SumOrder, matmul_order};
pub use pool::{parallel_for, threads, with_threads};
pub use pooling::{Pool2d, max_pool2d, max_pool2d_gather, max_pool2d_gradient};
pub use real::Real;
pub use sort::{Order, Ordered, argsort};
pub use sum_pooling::{sum_pool2d, sum_pool2d_gradient};
