//! Targets against predictions: the one rule by which losses and metrics bring their shapes together.

use crate::tensor::Tensor;
use crisol_ir::{Result, Shape};

/// Brings targets to the rank of predictions, as Keras: where one of the two has an axis of size 1 at the end that the other
/// lacks, the targets lose or gain it. So `(n,)` against `(n, 1)` never becomes `n x n`.
///
/// ```
/// use crisol_tensor::{Tensor, align_targets};
/// let y = align_targets(&Tensor::zeros([32]), &Tensor::zeros([32, 1]))?;
/// assert_eq!(y.shape()?.sizes(), [32, 1]);
/// # Ok::<(), crisol_tensor::Error>(())
/// ```
///
/// # Errors
/// A tensor that carries an error. Shapes that differ otherwise are left to the caller.
pub fn align_targets(targets: &Tensor, predictions: &Tensor) -> Result<Tensor> {
    let (given, wanted) = (targets.shape()?, predictions.shape()?);
    if given.rank() == wanted.rank() + 1 && given.last() == Some(&1) {
        return Ok(targets.reshape(Shape::new(&given[..wanted.rank()])?));
    }
    if wanted.rank() == given.rank() + 1 && wanted.last() == Some(&1) {
        return Ok(targets.expand_dims(-1));
    }
    Ok(targets.clone())
}
