#![doc = include_str!("../README.md")]
//!
//! # Where things are
//!
//! | module | what lives there |
//! | --- | --- |
//! | `callback`, `run` | [`Callback`]: when it is called; [`Run`]: what it sees and may change |
//! | `logs`, `history` | the numbers of an epoch, and of all |
//! | `progress`, `bar` | the progress line and its text |
//! | `tensorboard` | [`TensorBoard`], and [`SummaryWriter`]: its event files |
//! | `monitor`, `template` | a number that is watched; file names with places for numbers |
//! | the others | one callback each |

mod backup_and_restore;
mod bar;
mod callback;
mod csv_logger;
mod early_stopping;
#[cfg(test)]
mod goldens;
mod history;
mod lambda_callback;
mod learning_rate_scheduler;
mod logs;
mod model_checkpoint;
mod monitor;
mod progress;
mod reduce_lr_on_plateau;
mod run;
#[cfg(test)]
mod scripted;
mod swap_ema_weights;
mod template;
mod tensorboard;
mod terminate_on_nan;

pub use backup_and_restore::BackupAndRestore;
pub use callback::{Callback, Flow};
pub use csv_logger::CsvLogger;
pub use early_stopping::EarlyStopping;
pub use history::History;
pub use lambda_callback::LambdaCallback;
pub use learning_rate_scheduler::LearningRateScheduler;
pub use logs::Logs;
pub use model_checkpoint::ModelCheckpoint;
pub use monitor::Mode;
pub use progress::{Progress, Verbose};
pub use reduce_lr_on_plateau::ReduceLROnPlateau;
pub use run::{LayerNode, Position, Run};
pub use swap_ema_weights::SwapEmaWeights;
pub use tensorboard::{SummaryWriter, TensorBoard, UpdateFrequency};
pub use terminate_on_nan::TerminateOnNan;
