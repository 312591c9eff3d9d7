#![doc = include_str!("../README.md")]

pub mod buffer;
pub mod interpret;

pub use buffer::Buffer;
