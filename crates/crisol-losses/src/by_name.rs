//! Losses by the names Keras gives them.

use crate::{BinaryCrossentropy, Loss, MeanSquaredError, SparseCategoricalCrossentropy};
use crisol_ir::{Error, Result};
use std::sync::Arc;

type Make = fn() -> Arc<dyn Loss>;

const LOSSES: [(&str, Make); 4] = [
    ("binary_crossentropy", || Arc::new(BinaryCrossentropy::new())),
    ("sparse_categorical_crossentropy", || Arc::new(SparseCategoricalCrossentropy::new())),
    ("mean_squared_error", || Arc::new(MeanSquaredError::new())),
    ("mse", || Arc::new(MeanSquaredError::new())),
];

/// The loss with the given name, with Keras' defaults.
///
/// # Errors
/// No such name; the error offers the nearest.
///
/// ```
/// assert_eq!(crisol_losses::by_name("mse")?.name(), "mean_squared_error");
/// assert!(crisol_losses::by_name("binary_crosentropy").unwrap_err().to_string().contains("binary_crossentropy"));
/// # Ok::<(), crisol_ir::Error>(())
/// ```
pub fn by_name(name: &str) -> Result<Arc<dyn Loss>> {
    LOSSES
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, make)| make())
        .ok_or_else(|| Error::unknown_name("loss", name, LOSSES.map(|(known, _)| known)))
}

/// What may be given as a loss: a value, or its name.
pub trait IntoLoss {
    /// The loss.
    ///
    /// # Errors
    /// No loss has the given name.
    fn into_loss(self) -> Result<Arc<dyn Loss>>;
}

impl IntoLoss for &str {
    fn into_loss(self) -> Result<Arc<dyn Loss>> {
        by_name(self)
    }
}

impl IntoLoss for Arc<dyn Loss> {
    fn into_loss(self) -> Result<Arc<dyn Loss>> {
        Ok(self)
    }
}

impl<L: Loss + 'static> IntoLoss for L {
    fn into_loss(self) -> Result<Arc<dyn Loss>> {
        Ok(Arc::new(self))
    }
}
