//! Metrics that are the mean of one value a sample: what they share.

use crisol_ir::{DType, Error, ErrorKind, Result};
use crisol_tensor::{Tensor, align};

/// Targets and predictions in one shape, of rank 2 at least, and in the floating point type of the predictions.
///
/// # Errors
/// Shapes that differ by more than an axis of size 1 at the end.
pub(crate) fn aligned(name: &str, y_true: &Tensor, y_pred: &Tensor) -> Result<(Tensor, Tensor)> {
    let (y, p) = align(y_true, y_pred)?;
    let p = if p.dtype()?.is_float() { p } else { p.cast(DType::F32) };
    same_shape(name, &y, &p)?;
    let y = y.cast(p.dtype()?);
    // One number a sample, whose mean over the last axis would be that of the batch.
    Ok(if p.rank()? == 1 { (y.expand_dims(-1), p.expand_dims(-1)) } else { (y, p) })
}

/// An error if targets and predictions have different shapes.
pub(crate) fn same_shape(name: &str, y_true: &Tensor, y_pred: &Tensor) -> Result<()> {
    let (a, b) = (y_true.shape()?, y_pred.shape()?);
    if a == b {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Shape, format!("y_true has shape {a}, y_pred {b}")).operation(name.to_string()))
}

/// `Metric` for a type with a field `mean` and a method `values`, which gives one value a sample, and with serde's derives.
macro_rules! mean_of_samples {
    ($metric:ty) => {
        impl $crate::Metric for $metric {
            fn name(&self) -> &str {
                self.mean.name()
            }

            fn update(
                &mut self,
                y_true: &crisol_tensor::Tensor,
                y_pred: &crisol_tensor::Tensor,
                sample_weight: Option<&crisol_tensor::Tensor>,
            ) -> crisol_ir::Result<()> {
                let values = self.values(y_true, y_pred)?;
                self.mean.update(&values, sample_weight)
            }

            fn result(&self) -> crisol_ir::Result<crisol_tensor::Tensor> {
                self.mean.result()
            }

            fn reset(&mut self) -> crisol_ir::Result<()> {
                self.mean.reset()
            }

            fn config(&self) -> Option<crisol_params::Config> {
                crisol_params::Config::of(self.mean.name(), self)
            }
        }
    };
}
pub(crate) use mean_of_samples;

/// A whole metric without settings: its docs, type, name in logs, and a function of targets and predictions in one shape.
macro_rules! mean_metric {
    ($(#[$docs:meta])* pub struct $metric:ident, $name:literal, $values:expr) => {
        $(#[$docs])*
        #[derive(Debug, serde::Serialize, serde::Deserialize)]
        pub struct $metric {
            mean: $crate::Mean,
        }

        impl $metric {
            /// No batch yet.
            pub fn new() -> $metric {
                $metric { mean: $crate::Mean::new($name) }
            }

            fn values(
                &self,
                y_true: &crisol_tensor::Tensor,
                y_pred: &crisol_tensor::Tensor,
            ) -> crisol_ir::Result<crisol_tensor::Tensor> {
                let (y_true, y_pred) = $crate::samples::aligned($name, y_true, y_pred)?;
                Ok($values(&y_true, &y_pred))
            }
        }

        impl Default for $metric {
            fn default() -> $metric {
                $metric::new()
            }
        }

        $crate::samples::mean_of_samples!($metric);
    };
}
pub(crate) use mean_metric;
