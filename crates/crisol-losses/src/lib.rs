#![doc = include_str!("../README.md")]

mod adapted;
mod binary_crossentropy;
mod binary_focal_crossentropy;
mod by_name;
mod categorical_crossentropy;
mod categorical_focal_crossentropy;
mod categorical_generalized_cross_entropy;
mod categorical_hinge;
mod cosine_similarity;
mod dice;
mod function;
mod hinge;
mod huber;
mod kl_divergence;
mod labels;
mod log_cosh;
mod loss;
mod mean_absolute_error;
mod mean_absolute_percentage_error;
mod mean_squared_error;
mod mean_squared_logarithmic_error;
mod poisson;
mod reduction;
mod sparse_categorical_crossentropy;
mod squared_hinge;
mod tversky;
mod weighted_cross_entropy;

pub use adapted::Adapted;
pub use binary_crossentropy::BinaryCrossentropy;
pub use binary_focal_crossentropy::BinaryFocalCrossentropy;
pub use by_name::{IntoLoss, by_name, from_config, names};
pub use categorical_crossentropy::CategoricalCrossentropy;
pub use categorical_focal_crossentropy::CategoricalFocalCrossentropy;
pub use categorical_generalized_cross_entropy::CategoricalGeneralizedCrossEntropy;
pub use categorical_hinge::CategoricalHinge;
pub use cosine_similarity::CosineSimilarity;
pub use crisol_tensor::distances::EPSILON;
pub use dice::Dice;
pub use function::{LossFn, loss_fn};
pub use hinge::Hinge;
pub use huber::Huber;
pub use kl_divergence::KLDivergence;
pub use log_cosh::LogCosh;
pub use loss::Loss;
pub use mean_absolute_error::MeanAbsoluteError;
pub use mean_absolute_percentage_error::MeanAbsolutePercentageError;
pub use mean_squared_error::MeanSquaredError;
pub use mean_squared_logarithmic_error::MeanSquaredLogarithmicError;
pub use poisson::Poisson;
pub use reduction::Reduction;
pub use sparse_categorical_crossentropy::SparseCategoricalCrossentropy;
pub use squared_hinge::SquaredHinge;
pub use tversky::Tversky;
pub use weighted_cross_entropy::weighted_cross_entropy_with_logits;

use by_name::{Entry, entry};

/// Every loss by its names: Keras' function, its type, and short forms.
const LOSSES: &[Entry] = &[
    entry!(MeanSquaredError, "mean_squared_error", "MeanSquaredError", "mse", "MSE"),
    entry!(MeanAbsoluteError, "mean_absolute_error", "MeanAbsoluteError", "mae", "MAE"),
    entry!(
        MeanAbsolutePercentageError,
        "mean_absolute_percentage_error",
        "MeanAbsolutePercentageError",
        "mape",
        "MAPE"
    ),
    entry!(
        MeanSquaredLogarithmicError,
        "mean_squared_logarithmic_error",
        "MeanSquaredLogarithmicError",
        "msle",
        "MSLE"
    ),
    entry!(CosineSimilarity, "cosine_similarity", "CosineSimilarity"),
    entry!(Huber, "huber", "Huber", "huber_loss"),
    entry!(LogCosh, "log_cosh", "LogCosh", "logcosh"),
    entry!(Hinge, "hinge", "Hinge"),
    entry!(SquaredHinge, "squared_hinge", "SquaredHinge"),
    entry!(CategoricalHinge, "categorical_hinge", "CategoricalHinge"),
    entry!(KLDivergence, "kl_divergence", "KLDivergence", "kld", "KLD", "kullback_leibler_divergence"),
    entry!(Poisson, "poisson", "Poisson"),
    entry!(BinaryCrossentropy, "binary_crossentropy", "BinaryCrossentropy", "bce", "BCE"),
    entry!(BinaryFocalCrossentropy, "binary_focal_crossentropy", "BinaryFocalCrossentropy"),
    entry!(CategoricalCrossentropy, "categorical_crossentropy", "CategoricalCrossentropy"),
    entry!(CategoricalFocalCrossentropy, "categorical_focal_crossentropy", "CategoricalFocalCrossentropy"),
    entry!(SparseCategoricalCrossentropy, "sparse_categorical_crossentropy", "SparseCategoricalCrossentropy"),
    entry!(
        CategoricalGeneralizedCrossEntropy,
        "categorical_generalized_cross_entropy",
        "CategoricalGeneralizedCrossEntropy"
    ),
    entry!(Dice, "dice", "Dice"),
    entry!(Tversky, "tversky", "Tversky"),
];
