//! Metrics by the names Keras gives them.

use crate::{Accuracy, MeanDistance, Metric};
use crisol_ir::{Error, Result};

type Make = fn() -> Result<Box<dyn Metric>>;

fn boxed<M: Metric + 'static>(metric: Result<M>) -> Result<Box<dyn Metric>> {
    metric.map(|metric| Box::new(metric) as Box<dyn Metric>)
}

const METRICS: [(&str, Make); 11] = [
    ("accuracy", || boxed(Accuracy::new())),
    ("acc", || boxed(Accuracy::new())),
    ("binary_accuracy", || boxed(Accuracy::binary())),
    ("categorical_accuracy", || boxed(Accuracy::categorical())),
    ("sparse_categorical_accuracy", || boxed(Accuracy::sparse_categorical())),
    ("mean_squared_error", || boxed(MeanDistance::mean_squared_error())),
    ("mse", || boxed(MeanDistance::mean_squared_error())),
    ("mean_absolute_error", || boxed(MeanDistance::mean_absolute_error())),
    ("mae", || boxed(MeanDistance::mean_absolute_error())),
    ("root_mean_squared_error", || boxed(MeanDistance::root_mean_squared_error())),
    ("RootMeanSquaredError", || boxed(MeanDistance::root_mean_squared_error())),
];

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
        Some((_, make)) => make(),
        None => Err(Error::unknown_name("metric", name, METRICS.map(|(known, _)| known))),
    }
}

/// What may be given as a metric: a value, the result of making one, or a name.
pub trait IntoMetric {
    /// The metric.
    ///
    /// # Errors
    /// No metric has the given name, or its state could not be made.
    fn into_metric(self) -> Result<Box<dyn Metric>>;
}

impl IntoMetric for &str {
    fn into_metric(self) -> Result<Box<dyn Metric>> {
        by_name(self)
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
