//! What a loss is, and what is done for every loss: shapes brought together, labels checked, sample weights, masks, reduction.

use crate::adapted::Adapted;
use crate::labels::check_labels;
use crate::reduction::{Reduction, reduce};
use crisol_ir::{DType, Error, ErrorKind, Result, Shape};
use crisol_params::Config;
use crisol_tensor::{Tensor, align};
use std::sync::Arc;

/// A loss, given sample by sample; reduction, sample weights and masks are done for it by [`Loss::call`].
///
/// # Shapes
/// Targets have the shape of the predictions, `(n, outputs)`; `(n,)` against `(n, 1)` and the other way round count as `(n, 1)` and never
/// become `n x n`. Losses of class numbers take `(n,)` or `(n, 1)` against `(n, classes)`. Further axes between the batch and the
/// last one are samples too. Predictions are cast to `float32` if they are integers; targets are cast to the type of the predictions.
///
/// ```
/// use crisol_losses::{Loss, Reduction};
/// use crisol_tensor::Tensor;
///
/// /// The mean distance of each sample.
/// #[derive(Debug)]
/// struct Distance;
///
/// impl Loss for Distance {
///     fn name(&self) -> &str { "distance" }
///     fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> crisol_ir::Result<Tensor> {
///         Ok((y_true - y_pred).abs().mean(-1))
///     }
/// }
/// let y = Tensor::zeros([2]);
/// let p = Tensor::from_slice(&[3.0f32, 5.0], [2, 1]);
/// assert_eq!(Distance.call(&y, &p, None)?.item()?, 4.0);
/// let weights = Tensor::from_slice(&[1.0f32, 0.0], [2]);
/// assert_eq!(Distance.with_reduction(Reduction::Sum).call(&y, &p, Some(&weights))?.item()?, 3.0);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
pub trait Loss: std::fmt::Debug + Send + Sync {
    /// The name in logs and messages.
    fn name(&self) -> &str;

    /// The loss of each sample: the shape of `y_pred` without its last axis, or one number for the whole batch. `y_true` comes in the
    /// element type of `y_pred`, and in its rank (see [`Loss::align`]).
    ///
    /// # Errors
    /// Shapes that do not fit; errors of tensors may also simply travel in the result.
    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor>;

    /// How the losses of the samples become one number.
    fn reduction(&self) -> Reduction {
        Reduction::default()
    }

    /// For losses whose targets are class numbers: how many classes there are, so that a number outside of them is found before it
    /// does harm.
    fn classes(&self, y_pred: &Shape) -> Option<usize> {
        let _ = y_pred;
        None
    }

    /// For losses whose targets are class numbers: one that stands for no class, whose samples do not count.
    fn ignored_class(&self) -> Option<i64> {
        None
    }

    /// Whether predictions must be probabilities: numbers outside of 0 to 1 then mean a model without its last activation, or a loss without
    /// `from_logits`.
    fn expects_probabilities(&self) -> bool {
        false
    }

    /// Brings targets and predictions to one shape: see [`align`].
    ///
    /// # Errors
    /// Shapes that still differ.
    fn align(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<(Tensor, Tensor)> {
        align_for(self.name(), y_true, y_pred)
    }

    /// Which samples count by what the targets say: true, or not 0. All, if there is none.
    ///
    /// # Errors
    /// Shapes that do not fit.
    fn mask(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Option<Tensor>> {
        let _ = (y_true, y_pred);
        Ok(None)
    }

    /// The loss as one number (or one a sample, by [`Loss::reduction`]), each sample weighted by `sample_weight`.
    ///
    /// # Errors
    /// As [`Loss::align`] and [`Loss::values`]; a batch without samples; sample weights of another shape; class numbers that no output
    /// stands for.
    fn call(&self, y_true: &Tensor, y_pred: &Tensor, sample_weight: Option<&Tensor>) -> Result<Tensor> {
        self.call_masked(y_true, y_pred, sample_weight, None)
    }

    /// [`Loss::call`] where only the samples count whose `mask` is true, or not 0: the mask of a padded sequence.
    ///
    /// # Errors
    /// As [`Loss::call`]; a mask of another shape.
    fn call_masked(
        &self,
        y_true: &Tensor,
        y_pred: &Tensor,
        sample_weight: Option<&Tensor>,
        mask: Option<&Tensor>,
    ) -> Result<Tensor> {
        let named = |error: Error| error.operation(self.name());
        // Before anything is done to them: labels that are there can be checked.
        let given = y_true;
        let (y_true, y_pred) = self.align(y_true, y_pred).map_err(named)?;
        let y_pred = if y_pred.dtype()?.is_float() { y_pred } else { y_pred.cast(DType::F32) };
        let shape = y_pred.shape()?;
        if shape.elements() == 0 {
            return Err(named(Error::new(ErrorKind::Value, "the batch is empty: there is no loss of no samples")));
        }
        if let Some(classes) = self.classes(&shape) {
            check_labels(given, classes, self.ignored_class()).map_err(named)?;
        }
        let y_true = y_true.cast(y_pred.dtype()?);
        let values = self.values(&y_true, &y_pred)?;
        let own = self.mask(&y_true, &y_pred)?;
        let mask = match (mask, &own) {
            (Some(mask), Some(own)) => Some(&mask.not_equal(0.0).logical_and(&own.not_equal(0.0))),
            (mask, own) => mask.or(own.as_ref()),
        };
        let reduced = reduce(values, sample_weight, mask, self.reduction()).map_err(named)?;
        reduced.check().map_err(named)?;
        Ok(reduced)
    }

    /// What a file needs to hold of it, its name and settings, for [`from_config`](crate::from_config). Nothing, unless the loss is one of
    /// this crate's.
    fn config(&self) -> Option<Config> {
        None
    }

    /// The same loss with another reduction.
    fn with_reduction(self, reduction: Reduction) -> Adapted
    where
        Self: Sized + 'static,
    {
        Adapted::new(Arc::new(self)).with_reduction(reduction)
    }

    /// The same loss under another name.
    fn with_name(self, name: impl Into<String>) -> Adapted
    where
        Self: Sized + 'static,
    {
        Adapted::new(Arc::new(self)).with_name(name)
    }
}

/// [`Loss::align`], once for all losses.
fn align_for(name: &str, y_true: &Tensor, y_pred: &Tensor) -> Result<(Tensor, Tensor)> {
    let (y_true, y_pred) = align(y_true, y_pred)?;
    let (a, b) = (y_true.shape()?, y_pred.shape()?);
    if a != b {
        return Err(Error::new(ErrorKind::Shape, format!("y_true has shape {a}, y_pred {b}"))
            .operation(name)
            .help("targets must have the shape of the model's output; class numbers go with a sparse loss"));
    }
    Ok((y_true, y_pred))
}
