#![doc = include_str!("../README.md")]

mod accuracy;
mod auc;
mod binary_accuracy;
mod binary_crossentropy;
mod binary_iou;
mod by_name;
mod categorical_accuracy;
mod categorical_crossentropy;
mod categorical_hinge;
mod concordance_correlation;
mod confusion;
mod confusion_matrix;
mod cosine_similarity;
mod f1_score;
mod false_negatives;
mod false_positives;
mod fbeta_score;
mod function;
mod hinge;
mod intersection;
mod iou;
mod kl_divergence;
mod log_cosh_error;
mod mean;
mod mean_absolute_error;
mod mean_absolute_percentage_error;
mod mean_iou;
mod mean_squared_error;
mod mean_squared_logarithmic_error;
mod metric;
mod named;
mod one_hot_iou;
mod one_hot_mean_iou;
mod pearson_correlation;
mod poisson;
mod precision;
mod precision_at_recall;
mod r2_score;
mod recall;
mod recall_at_precision;
mod root_mean_squared_error;
mod samples;
mod sensitivity_at_specificity;
mod sparse_categorical_accuracy;
mod sparse_categorical_crossentropy;
mod sparse_top_k_categorical_accuracy;
mod specificity_at_sensitivity;
mod squared_hinge;
mod state;
mod sum;
mod top_k_categorical_accuracy;
mod true_negatives;
mod true_positives;

pub use accuracy::Accuracy;
pub use auc::{Auc, Curve, Summation};
pub use binary_accuracy::BinaryAccuracy;
pub use binary_crossentropy::BinaryCrossentropy;
pub use binary_iou::BinaryIoU;
pub use by_name::{IntoMetric, by_name, from_config, names};
pub use categorical_accuracy::CategoricalAccuracy;
pub use categorical_crossentropy::CategoricalCrossentropy;
pub use categorical_hinge::CategoricalHinge;
pub use concordance_correlation::ConcordanceCorrelation;
pub use confusion_matrix::confusion_matrix;
pub use cosine_similarity::CosineSimilarity;
pub use f1_score::F1Score;
pub use false_negatives::FalseNegatives;
pub use false_positives::FalsePositives;
pub use fbeta_score::{Average, FBetaScore};
pub use function::{MetricFn, metric_fn};
pub use hinge::Hinge;
pub use iou::IoU;
pub use kl_divergence::KLDivergence;
pub use log_cosh_error::LogCoshError;
pub use mean::Mean;
pub use mean_absolute_error::MeanAbsoluteError;
pub use mean_absolute_percentage_error::MeanAbsolutePercentageError;
pub use mean_iou::MeanIoU;
pub use mean_squared_error::MeanSquaredError;
pub use mean_squared_logarithmic_error::MeanSquaredLogarithmicError;
pub use metric::Metric;
pub use named::Named;
pub use one_hot_iou::OneHotIoU;
pub use one_hot_mean_iou::OneHotMeanIoU;
pub use pearson_correlation::PearsonCorrelation;
pub use poisson::Poisson;
pub use precision::Precision;
pub use precision_at_recall::PrecisionAtRecall;
pub use r2_score::{Aggregation, R2Score};
pub use recall::Recall;
pub use recall_at_precision::RecallAtPrecision;
pub use root_mean_squared_error::RootMeanSquaredError;
pub use sensitivity_at_specificity::SensitivityAtSpecificity;
pub use sparse_categorical_accuracy::SparseCategoricalAccuracy;
pub use sparse_categorical_crossentropy::SparseCategoricalCrossentropy;
pub use sparse_top_k_categorical_accuracy::SparseTopKCategoricalAccuracy;
pub use specificity_at_sensitivity::SpecificityAtSensitivity;
pub use squared_hinge::SquaredHinge;
pub use state::State;
pub use sum::Sum;
pub use top_k_categorical_accuracy::TopKCategoricalAccuracy;
pub use true_negatives::TrueNegatives;
pub use true_positives::TruePositives;

use by_name::{Entry, entry};

/// Every metric by its names: in snake case, Keras' type, and short forms; those that need arguments are only read from files.
const METRICS: &[Entry] = &[
    entry!(Accuracy, "accuracy", "acc"),
    entry!(BinaryAccuracy, "binary_accuracy", "BinaryAccuracy"),
    entry!(CategoricalAccuracy, "categorical_accuracy", "CategoricalAccuracy"),
    entry!(SparseCategoricalAccuracy, "sparse_categorical_accuracy", "SparseCategoricalAccuracy"),
    entry!(TopKCategoricalAccuracy, "top_k_categorical_accuracy", "TopKCategoricalAccuracy"),
    entry!(SparseTopKCategoricalAccuracy, "sparse_top_k_categorical_accuracy", "SparseTopKCategoricalAccuracy"),
    entry!(MeanSquaredError, "mean_squared_error", "MeanSquaredError", "mse", "MSE"),
    entry!(MeanAbsoluteError, "mean_absolute_error", "MeanAbsoluteError", "mae", "MAE"),
    entry!(RootMeanSquaredError, "root_mean_squared_error", "RootMeanSquaredError"),
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
    entry!(PearsonCorrelation, "pearson_correlation", "PearsonCorrelation"),
    entry!(ConcordanceCorrelation, "concordance_correlation", "ConcordanceCorrelation"),
    entry!(LogCoshError, "logcosh", "log_cosh_error", "LogCoshError"),
    entry!(Hinge, "hinge", "Hinge"),
    entry!(SquaredHinge, "squared_hinge", "SquaredHinge"),
    entry!(CategoricalHinge, "categorical_hinge", "CategoricalHinge"),
    entry!(KLDivergence, "kl_divergence", "KLDivergence", "kld", "KLD"),
    entry!(Poisson, "poisson", "Poisson"),
    entry!(BinaryCrossentropy, "binary_crossentropy", "BinaryCrossentropy", "bce", "BCE"),
    entry!(CategoricalCrossentropy, "categorical_crossentropy", "CategoricalCrossentropy"),
    entry!(SparseCategoricalCrossentropy, "sparse_categorical_crossentropy", "SparseCategoricalCrossentropy"),
    entry!(Auc, "auc", "AUC"),
    entry!(Precision, "precision", "Precision"),
    entry!(Recall, "recall", "Recall"),
    entry!(TruePositives, "true_positives", "TruePositives"),
    entry!(FalsePositives, "false_positives", "FalsePositives"),
    entry!(TrueNegatives, "true_negatives", "TrueNegatives"),
    entry!(FalseNegatives, "false_negatives", "FalseNegatives"),
    entry!(F1Score, "f1_score", "F1Score"),
    entry!(FBetaScore, "fbeta_score", "FBetaScore"),
    entry!(R2Score, "r2_score", "R2Score"),
    entry!(BinaryIoU, "binary_io_u", "BinaryIoU"),
    entry!(read IoU, "io_u"),
    entry!(read MeanIoU, "mean_io_u"),
    entry!(read OneHotIoU, "one_hot_io_u"),
    entry!(read OneHotMeanIoU, "one_hot_mean_io_u"),
    entry!(read PrecisionAtRecall, "precision_at_recall"),
    entry!(read RecallAtPrecision, "recall_at_precision"),
    entry!(read SensitivityAtSpecificity, "sensitivity_at_specificity"),
    entry!(read SpecificityAtSensitivity, "specificity_at_sensitivity"),
];
