#![doc = include_str!("../README.md")]

mod callback;
mod history;
mod logs;
mod progress;

pub use callback::{Callback, Flow, Run};
pub use history::History;
pub use logs::Logs;
pub use progress::{Progress, Verbose};
