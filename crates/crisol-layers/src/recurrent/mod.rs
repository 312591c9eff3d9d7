//! Recurrent layers: sequences step by step. The loop is recorded, so that a whole pass is one plan.

mod bidirectional;
mod gru;
mod lstm;
mod simple_rnn;
mod steps;
mod time_distributed;

pub(crate) use steps::only;

pub use bidirectional::{Bidirectional, MergeMode, Recurrent};
pub use gru::GRU;
pub use lstm::LSTM;
pub use simple_rnn::SimpleRNN;
pub use time_distributed::TimeDistributed;
