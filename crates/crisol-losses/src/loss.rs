//! What a loss is, and what is done for every loss: shapes brought together, sample weights, reduction.

use crisol_ir::{DType, Error, ErrorKind, Result, Shape};
use crisol_tensor::{Tensor, align_targets};

/// How the losses of the samples become one number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reduction {
    /// Their sum divided by their number: Keras' default.
    #[default]
    SumOverBatchSize,
    /// Their sum.
    Sum,
    /// Left as they are, one a sample.
    None,
}

/// A loss, given sample by sample; reduction and sample weights are done for it by [`Loss::call`].
///
/// ```
/// use crisol_losses::Loss;
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
/// let y = Tensor::zeros([2, 1]);
/// let loss = Distance.call(&y, &(&y + 3.0), None)?;
/// assert_eq!(loss.item()?, 3.0);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
pub trait Loss: std::fmt::Debug + Send + Sync {
    /// The name in logs and messages.
    fn name(&self) -> &str;

    /// The loss of each sample: the shape of `y_pred` without its last axis. `y_true` comes in the element type of `y_pred`, and
    /// in its rank (see [`Loss::align`]).
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

    /// Brings targets and predictions to one rank, as Keras: an axis of size 1 that only one of the two has at the end is taken
    /// off. So `(n,)` against `(n, 1)` never becomes `n x n`.
    ///
    /// # Errors
    /// Shapes that still differ.
    fn align(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<(Tensor, Tensor)> {
        let y_true = align_targets(y_true, y_pred)?;
        let (a, b) = (y_true.shape()?, y_pred.shape()?);
        if a != b {
            return Err(Error::new(ErrorKind::Shape, format!("targets have shape {a}, predictions {b}"))
                .operation(self.name())
                .help("targets must have the shape of the model's output; class numbers go with a sparse loss"));
        }
        Ok((y_true.cast(y_pred.dtype()?), y_pred.clone()))
    }

    /// The loss as one number (or one a sample, by [`Loss::reduction`]), each sample weighted by `sample_weight`.
    ///
    /// # Errors
    /// As [`Loss::align`] and [`Loss::values`]; a batch without samples; sample weights of another shape.
    fn call(&self, y_true: &Tensor, y_pred: &Tensor, sample_weight: Option<&Tensor>) -> Result<Tensor> {
        let (y_true, y_pred) = self.align(y_true, y_pred)?;
        if !y_pred.dtype()?.is_float() {
            return Err(Error::new(
                ErrorKind::DType,
                format!("predictions must be floating point, found {}", y_pred.dtype()?),
            )
            .operation(self.name()));
        }
        let mut values = self.values(&y_true, &y_pred)?;
        let shape = values.shape()?;
        if shape.elements() == 0 {
            return Err(Error::new(ErrorKind::Value, "the batch is empty: there is no loss of no samples")
                .operation(self.name()));
        }
        if let Some(weight) = sample_weight {
            values = values * weight_like(weight, &y_pred, &shape, self.name())?;
        }
        let reduced = match self.reduction() {
            // Not `mean_all`: the number of samples is an argument of the plan here, so that another batch size compiles nothing.
            Reduction::SumOverBatchSize => values.sum_all() / shape.elements() as f64,
            Reduction::Sum => values.sum_all(),
            Reduction::None => values,
        };
        reduced.check()?;
        Ok(reduced)
    }
}

/// Sample weights in the shape of the values: `(n,)` or `(n, 1)` against `(n,)`, spread over further axes.
fn weight_like(weight: &Tensor, y_pred: &Tensor, shape: &Shape, name: &str) -> Result<Tensor> {
    let given = weight.shape()?;
    let mut sizes = given.sizes().to_vec();
    while sizes.len() > shape.rank() && sizes.last() == Some(&1) {
        sizes.pop();
    }
    while sizes.len() < shape.rank() {
        sizes.push(1);
    }
    let fits = sizes.len() == shape.rank()
        && sizes.iter().zip(shape.iter()).all(|(weight, value)| weight == value || *weight == 1)
        && sizes.first() == shape.first();
    if !fits {
        return Err(Error::new(
            ErrorKind::Shape,
            format!("sample weights have shape {given}, the losses of the samples {shape}"),
        )
        .operation(name));
    }
    let dtype: DType = y_pred.dtype()?;
    Ok(weight.cast(dtype).reshape(Shape::new(&sizes)?))
}
