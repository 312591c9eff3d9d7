//! A function as a loss.

use crate::loss::Loss;
use crisol_ir::Result;
use crisol_tensor::Tensor;
use std::fmt;

/// A loss made of a function: see [`loss_fn`].
pub struct LossFn<F> {
    name: String,
    function: F,
}

/// A function of targets and predictions as a loss: it gives one number a sample, or one for the whole batch.
///
/// Targets come in the shape and type of the predictions, as for every [`Loss`]; what the function returns is weighted and reduced.
/// It may return a tensor or a `Result` of one.
///
/// ```
/// use crisol_losses::{Loss, loss_fn};
/// use crisol_tensor::Tensor;
/// let loss = loss_fn("mean_difference", |y, p| (y - p).mean_all());
/// let y = Tensor::from_slice(&[2.0f32, 4.0], [2]);
/// assert_eq!(loss.call(&y, &Tensor::ones([2, 1]), None)?.item()?, 2.0);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
pub fn loss_fn<F, T>(name: impl Into<String>, function: F) -> LossFn<F>
where
    F: Fn(&Tensor, &Tensor) -> T + Send + Sync,
    T: Into<Tensor>,
{
    LossFn { name: name.into(), function }
}

impl<F, T> Loss for LossFn<F>
where
    F: Fn(&Tensor, &Tensor) -> T + Send + Sync,
    T: Into<Tensor>,
{
    fn name(&self) -> &str {
        &self.name
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        Ok((self.function)(y_true, y_pred).into())
    }
}

impl<F> fmt::Debug for LossFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LossFn").field("name", &self.name).finish_non_exhaustive()
    }
}
