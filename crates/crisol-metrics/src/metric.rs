//! What a metric is.

use crisol_ir::Result;
use crisol_params::Config;
use crisol_tensor::Tensor;

/// A number followed over the batches of an epoch.
///
/// State is kept in [variables](crisol_tensor::Variable), so that an update is part of the step's plan and waits for nothing.
pub trait Metric: std::fmt::Debug + Send {
    /// The name in logs.
    fn name(&self) -> &str;

    /// Takes in a batch.
    ///
    /// # Errors
    /// Shapes that do not fit.
    fn update(&mut self, y_true: &Tensor, y_pred: &Tensor, sample_weight: Option<&Tensor>) -> Result<()>;

    /// The number over all batches since the last reset.
    ///
    /// # Errors
    /// The state could not be computed.
    fn result(&self) -> Result<Tensor>;

    /// Forgets all batches.
    ///
    /// # Errors
    /// The state could not be assigned.
    fn reset(&mut self) -> Result<()>;

    /// What a file needs to hold of it, for [`from_config`](crate::from_config). Nothing, for a metric of one's own.
    fn config(&self) -> Option<Config> {
        None
    }
}
