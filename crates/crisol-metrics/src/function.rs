//! A function as a metric: its mean over all samples.

use crate::mean::Mean;
use crate::metric::Metric;
use crisol_ir::{DType, Result};
use crisol_tensor::{Tensor, align};
use std::fmt;

/// A metric made of a function: see [`metric_fn`].
pub struct MetricFn<F> {
    mean: Mean,
    function: F,
}

/// The mean over all samples of a function of targets and predictions, which gives one number a sample, or one a batch.
///
/// Targets come in the type and rank of the predictions. Formulas that Keras has as losses and metrics stand in
/// [`distances`](crisol_tensor::distances).
///
/// ```
/// use crisol_metrics::{Metric, metric_fn};
/// use crisol_tensor::{Tensor, distances};
/// let mut metric = metric_fn("log_cosh", distances::log_cosh);
/// metric.update(&Tensor::zeros([2]), &Tensor::zeros([2, 1]), None)?;
/// assert_eq!(metric.result()?.item()?, 0.0);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
pub fn metric_fn<F, T>(name: impl Into<String>, function: F) -> MetricFn<F>
where
    F: Fn(&Tensor, &Tensor) -> T + Send,
    T: Into<Tensor>,
{
    MetricFn { mean: Mean::new(name), function }
}

impl<F, T> Metric for MetricFn<F>
where
    F: Fn(&Tensor, &Tensor) -> T + Send,
    T: Into<Tensor>,
{
    fn name(&self) -> &str {
        self.mean.name()
    }

    fn update(&mut self, y_true: &Tensor, y_pred: &Tensor, sample_weight: Option<&Tensor>) -> Result<()> {
        let (y, p) = align(y_true, y_pred)?;
        let p = if p.dtype()?.is_float() { p } else { p.cast(DType::F32) };
        let values: Tensor = (self.function)(&y.cast(p.dtype()?), &p).into();
        values.check().map_err(|error| error.operation(self.mean.name().to_string()))?;
        self.mean.update(&values, sample_weight)
    }

    fn result(&self) -> Result<Tensor> {
        self.mean.result()
    }

    fn reset(&mut self) -> Result<()> {
        self.mean.reset()
    }
}

impl<F> fmt::Debug for MetricFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetricFn").field("mean", &self.mean).finish_non_exhaustive()
    }
}
