//! Metrics by the names Keras gives them.

use crate::named::Named;
use crate::*;
use crisol_ir::{Error, ErrorKind, Result};
use crisol_params::Config;
use crisol_tensor::{Tensor, align, distances};
use serde::de::DeserializeOwned;
use serde_json::Value;

type Make = fn() -> Result<Box<dyn Metric>>;

fn boxed<M: Metric + 'static>(metric: Result<M>) -> Result<Box<dyn Metric>> {
    metric.map(|metric| Box::new(metric) as Box<dyn Metric>)
}

const METRICS: [(&str, Make); 40] = [
    ("accuracy", || boxed(Accuracy::new())),
    ("acc", || boxed(Accuracy::new())),
    ("binary_accuracy", || boxed(Accuracy::binary())),
    ("categorical_accuracy", || boxed(Accuracy::categorical())),
    ("sparse_categorical_accuracy", || boxed(Accuracy::sparse_categorical())),
    ("top_k_categorical_accuracy", || boxed(TopKCategoricalAccuracy::new(5))),
    ("sparse_top_k_categorical_accuracy", || boxed(TopKCategoricalAccuracy::sparse(5))),
    ("mean_squared_error", || boxed(MeanDistance::mean_squared_error())),
    ("mse", || boxed(MeanDistance::mean_squared_error())),
    ("mean_absolute_error", || boxed(MeanDistance::mean_absolute_error())),
    ("mae", || boxed(MeanDistance::mean_absolute_error())),
    ("root_mean_squared_error", || boxed(MeanDistance::root_mean_squared_error())),
    ("RootMeanSquaredError", || boxed(MeanDistance::root_mean_squared_error())),
    ("auc", || boxed(Ok(Auc::new()))),
    ("AUC", || boxed(Ok(Auc::new()))),
    ("precision", || boxed(Ok(Precision::new()))),
    ("Precision", || boxed(Ok(Precision::new()))),
    ("recall", || boxed(Ok(Recall::new()))),
    ("Recall", || boxed(Ok(Recall::new()))),
    ("true_positives", || boxed(Ok(TruePositives::new()))),
    ("false_positives", || boxed(Ok(FalsePositives::new()))),
    ("true_negatives", || boxed(Ok(TrueNegatives::new()))),
    ("false_negatives", || boxed(Ok(FalseNegatives::new()))),
    ("f1_score", || boxed(Ok(FBetaScore::f1()))),
    ("fbeta_score", || boxed(Ok(FBetaScore::new(1.0)))),
    ("r2_score", || boxed(Ok(R2Score::new()))),
    ("mean_absolute_percentage_error", || {
        boxed(metric_fn("mean_absolute_percentage_error", distances::mean_absolute_percentage_error))
    }),
    ("mean_squared_logarithmic_error", || {
        boxed(metric_fn("mean_squared_logarithmic_error", distances::mean_squared_logarithmic_error))
    }),
    ("hinge", || boxed(metric_fn("hinge", distances::hinge))),
    ("squared_hinge", || boxed(metric_fn("squared_hinge", distances::squared_hinge))),
    ("categorical_hinge", || boxed(metric_fn("categorical_hinge", distances::categorical_hinge))),
    ("kl_divergence", || boxed(metric_fn("kl_divergence", distances::kl_divergence))),
    ("poisson", || boxed(metric_fn("poisson", distances::poisson))),
    ("mape", || boxed(metric_fn("mean_absolute_percentage_error", distances::mean_absolute_percentage_error))),
    ("msle", || boxed(metric_fn("mean_squared_logarithmic_error", distances::mean_squared_logarithmic_error))),
    ("logcosh", || boxed(metric_fn("logcosh", distances::log_cosh))),
    ("cosine_similarity", || boxed(metric_fn("cosine_similarity", |y, p| distances::cosine_similarity(y, p, -1)))),
    ("binary_crossentropy", || {
        boxed(metric_fn("binary_crossentropy", |y, p| distances::binary_crossentropy(y, p, false, -1)))
    }),
    ("categorical_crossentropy", || {
        boxed(metric_fn("categorical_crossentropy", |y, p| distances::categorical_crossentropy(y, p, false, -1)))
    }),
    ("sparse_categorical_crossentropy", || {
        boxed(metric_fn("sparse_categorical_crossentropy", |y, p| match class_numbers(y, p) {
            Ok(y) => distances::sparse_categorical_crossentropy(&y, p, false, -1),
            Err(error) => Tensor::failed(error),
        }))
    }),
];

/// Class numbers in the shape of the predictions without the last axis.
fn class_numbers(y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
    Ok(align(y_true, &y_pred.max(-1))?.0.reshape(y_pred.max(-1).shape()?))
}

/// The metric with the given name.
///
/// # Errors
/// No such name; the error offers the nearest.
///
/// ```
/// assert_eq!(crisol_metrics::by_name("mae")?.name(), "mean_absolute_error");
/// assert!(crisol_metrics::by_name("acuracy").unwrap_err().to_string().contains("did you mean \"accuracy\""));
/// # Ok::<(), crisol_ir::Error>(())
/// ```
pub fn by_name(name: &str) -> Result<Box<dyn Metric>> {
    match METRICS.iter().find(|(known, _)| *known == name) {
        Some((_, make)) => Ok(Box::new(Named { asked: name.to_string(), metric: make()? })),
        None => Err(Error::unknown_name("metric", name, METRICS.map(|(known, _)| known))),
    }
}

/// The metric that [`Metric::config`] told, without its state.
///
/// # Errors
/// No metric has the name, or settings that it does not take.
///
/// ```
/// let metric = crisol_metrics::by_name("mae")?;
/// let again = crisol_metrics::from_config(&metric.config().expect("a built-in metric"))?;
/// assert_eq!(again.name(), "mean_absolute_error");
/// # Ok::<(), crisol_ir::Error>(())
/// ```
pub fn from_config(config: &Config) -> Result<Box<dyn Metric>> {
    type Read = fn(&Value) -> serde_json::Result<Box<dyn Metric>>;
    macro_rules! known {
        ($($name:literal: $type:ty),* $(,)?) => { [$(($name, read::<$type> as Read)),*] };
    }
    let known = known![
        "accuracy": Accuracy,
        "auc": Auc,
        "false_negatives": FalseNegatives,
        "false_positives": FalsePositives,
        "fbeta_score": FBetaScore,
        "mean_distance": MeanDistance,
        "precision": Precision,
        "precision_at_recall": PrecisionAtRecall,
        "r2_score": R2Score,
        "recall": Recall,
        "recall_at_precision": RecallAtPrecision,
        "sensitivity_at_specificity": SensitivityAtSpecificity,
        "specificity_at_sensitivity": SpecificityAtSensitivity,
        "top_k_categorical_accuracy": TopKCategoricalAccuracy,
        "true_negatives": TrueNegatives,
        "true_positives": TruePositives,
    ];
    let Some(settings) = config.settings() else { return by_name(config.name()) };
    let found = known.iter().find(|(name, _)| *name == config.name());
    let (name, read) =
        found.ok_or_else(|| Error::unknown_name("metric", config.name(), known.map(|(name, _)| name)))?;
    read(settings).map_err(|error| Error::new(ErrorKind::Format, format!("the settings of {name}: {error}")))
}

fn read<M: Metric + DeserializeOwned + 'static>(settings: &Value) -> serde_json::Result<Box<dyn Metric>> {
    Ok(Box::new(M::deserialize(settings)?))
}

/// What may be given as a metric: a value, the result of making one, or a name.
pub trait IntoMetric {
    /// The metric.
    ///
    /// # Errors
    /// No metric has the given name, or its state could not be made.
    fn into_metric(self) -> Result<Box<dyn Metric>>;

    /// The name it is asked for by, which Keras shows in the logs: `"mae"` stays `"mae"`.
    fn asked_name(&self) -> Option<&str> {
        None
    }
}

impl IntoMetric for &str {
    fn into_metric(self) -> Result<Box<dyn Metric>> {
        by_name(self)
    }

    fn asked_name(&self) -> Option<&str> {
        Some(self)
    }
}

impl<M: Metric + 'static> IntoMetric for M {
    fn into_metric(self) -> Result<Box<dyn Metric>> {
        Ok(Box::new(self))
    }
}

impl<M: Metric + 'static> IntoMetric for Result<M> {
    fn into_metric(self) -> Result<Box<dyn Metric>> {
        boxed(self)
    }
}
