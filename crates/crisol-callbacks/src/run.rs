//! The training run as callbacks see it.

use crate::logs::Logs;
use crisol_ir::{Result, Value};
use std::path::Path;

/// A place in a training: steps of an epoch that are done, all counted from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// The epoch that comes next, or is under way.
    pub epoch: usize,
    /// The steps of it that are done.
    pub step: usize,
}

/// A layer of the model, as a drawing of its graph needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerNode {
    /// The layer's name.
    pub name: String,
    /// Its type.
    pub type_name: String,
    /// The names of the layers whose output it takes.
    pub inputs: Vec<String>,
}

/// The run as callbacks see it: what it is at, and what they may change.
pub trait Run {
    /// The number of epochs planned, counted from 0 (that is: the last epoch is `epochs() - 1`).
    fn epochs(&self) -> usize;

    /// The number of steps that an epoch, an evaluation or a prediction has, if known in advance.
    fn steps(&self) -> Option<usize>;

    /// The numbers so far. They are computed now.
    ///
    /// # Errors
    /// A number that cannot be computed.
    fn logs(&self) -> Result<Logs>;

    /// The steps that the model's optimizer has taken in its life, if there is one.
    fn iterations(&self) -> Option<u64>;

    /// The learning rate of the next step, if the model has an optimizer.
    fn learning_rate(&self) -> Option<f64>;

    /// Changes the learning rate from the next step on.
    ///
    /// # Errors
    /// The rate is no number from 0 up, or there is no optimizer.
    fn set_learning_rate(&mut self, learning_rate: f64) -> Result<()>;

    /// All weights by path.
    ///
    /// # Errors
    /// The model is not built.
    fn weights(&self) -> Result<Vec<(String, Value)>>;

    /// Gives all weights the values that [`Run::weights`] gave.
    ///
    /// # Errors
    /// Values that do not fit.
    fn set_weights(&mut self, weights: &[(String, Value)]) -> Result<()>;

    /// Exchanges the weights with the optimizer's moving averages of them.
    ///
    /// # Errors
    /// The optimizer keeps none.
    fn swap_averages(&mut self) -> Result<()>;

    /// Writes the model with its training state.
    ///
    /// # Errors
    /// The file cannot be written.
    fn save(&mut self, path: &Path) -> Result<()>;

    /// Writes the weights alone.
    ///
    /// # Errors
    /// The file cannot be written.
    fn save_weights(&mut self, path: &Path) -> Result<()>;

    /// Writes all that the rest of the training depends on, with the place where it goes on.
    ///
    /// # Errors
    /// The file cannot be written.
    fn save_backup(&mut self, path: &Path, position: Position) -> Result<()>;

    /// Goes back to what [`Run::save_backup`] wrote; training goes on at the place that is in the file.
    ///
    /// # Errors
    /// A file that cannot be read, is damaged or belongs to another model.
    fn restore_backup(&mut self, path: &Path) -> Result<Position>;

    /// The first layer whose output held a NaN or an infinity in the last step, in the order in which layers are called. Needs
    /// [`keeps_last_weights`](crate::Callback::keeps_last_weights).
    ///
    /// # Errors
    /// The step cannot be repeated.
    fn first_not_finite(&mut self) -> Result<Option<String>>;

    /// The model's layers and what they are connected to.
    fn layers(&self) -> Vec<LayerNode>;

    /// Shows a message that a callback was asked to show.
    fn show(&mut self, text: &str);

    /// Tells of something that is probably a mistake: kept in the history, and shown unless the run is silent.
    fn warn(&mut self, text: String);
}
