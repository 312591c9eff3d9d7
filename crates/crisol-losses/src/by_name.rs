//! Losses by the names Keras gives them.

use crate::*;
use crisol_ir::{Error, Result};
use std::sync::Arc;

type Make = fn() -> Arc<dyn Loss>;

/// Every loss with its names: Keras' function, its type, and short forms. The first is what messages offer.
const LOSSES: [(&[&str], Make); 19] = [
    (&["mean_squared_error", "MeanSquaredError", "mse", "MSE"], || Arc::new(MeanSquaredError::new())),
    (&["mean_absolute_error", "MeanAbsoluteError", "mae", "MAE"], || Arc::new(MeanAbsoluteError::new())),
    (&["mean_absolute_percentage_error", "MeanAbsolutePercentageError", "mape", "MAPE"], || {
        Arc::new(MeanAbsolutePercentageError::new())
    }),
    (&["mean_squared_logarithmic_error", "MeanSquaredLogarithmicError", "msle", "MSLE"], || {
        Arc::new(MeanSquaredLogarithmicError::new())
    }),
    (&["cosine_similarity", "CosineSimilarity"], || Arc::new(CosineSimilarity::new())),
    (&["huber", "Huber", "huber_loss"], || Arc::new(Huber::default())),
    (&["log_cosh", "LogCosh", "logcosh"], || Arc::new(LogCosh::new())),
    (&["hinge", "Hinge"], || Arc::new(Hinge::new())),
    (&["squared_hinge", "SquaredHinge"], || Arc::new(SquaredHinge::new())),
    (&["categorical_hinge", "CategoricalHinge"], || Arc::new(CategoricalHinge::new())),
    (&["kl_divergence", "KLDivergence", "kld", "KLD", "kullback_leibler_divergence"], || Arc::new(KLDivergence::new())),
    (&["poisson", "Poisson"], || Arc::new(Poisson::new())),
    (&["binary_crossentropy", "BinaryCrossentropy", "bce", "BCE"], || Arc::new(BinaryCrossentropy::new())),
    (&["binary_focal_crossentropy", "BinaryFocalCrossentropy"], || Arc::new(BinaryFocalCrossentropy::new())),
    (&["categorical_crossentropy", "CategoricalCrossentropy"], || Arc::new(CategoricalCrossentropy::new())),
    (&["categorical_focal_crossentropy", "CategoricalFocalCrossentropy"], || {
        Arc::new(CategoricalFocalCrossentropy::new())
    }),
    (&["sparse_categorical_crossentropy", "SparseCategoricalCrossentropy"], || {
        Arc::new(SparseCategoricalCrossentropy::new())
    }),
    (&["dice", "Dice"], || Arc::new(Dice::new())),
    (&["tversky", "Tversky"], || Arc::new(Tversky::default())),
];

/// The loss with the given name, with Keras' defaults: `"mse"`, `"mean_squared_error"` or `"MeanSquaredError"`.
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
        .find(|(names, _)| names.contains(&name))
        .map(|(_, make)| make())
        .ok_or_else(|| Error::unknown_name("loss", name, names()))
}

/// The names of all losses, one each.
pub fn names() -> impl Iterator<Item = &'static str> {
    LOSSES.iter().filter_map(|(names, _)| names.first().copied())
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
