//! Targets and weights against predictions: the one rule by which losses and metrics bring their shapes together.

use crate::tensor::Tensor;
use crisol_ir::{Error, ErrorKind, Result, Shape};

/// Brings targets and predictions to one rank, as Keras, so that `(n,)` against `(n, 1)` never becomes `n x n`.
///
/// Where one of the two has an axis of size 1 at its end that the other lacks, the axis is taken off; only `(n,)` gains one instead.
///
/// | targets | predictions | become |
/// | --- | --- | --- |
/// | `(n,)` | `(n, 1)` | `(n, 1)` |
/// | `(n, 1)` | `(n,)` | `(n, 1)` |
/// | `(n, t, 1)` | `(n, t)` | `(n, t)` |
/// | `(n, t)` | `(n, t, 1)` | `(n, t)` |
///
/// ```
/// use crisol_tensor::{Tensor, align};
/// let (y, p) = align(&Tensor::zeros([32]), &Tensor::zeros([32, 1]))?;
/// assert_eq!((y.shape()?.sizes(), p.shape()?.sizes()), ([32, 1].as_slice(), [32, 1].as_slice()));
/// # Ok::<(), crisol_tensor::Error>(())
/// ```
///
/// # Errors
/// A tensor that carries an error. Shapes that differ otherwise are left to the caller.
pub fn align(targets: &Tensor, predictions: &Tensor) -> Result<(Tensor, Tensor)> {
    let (given, wanted) = (targets.shape()?, predictions.shape()?);
    if given.rank() == wanted.rank() + 1 && given.last() == Some(&1) {
        return Ok(if wanted.rank() == 1 {
            (targets.clone(), expand(predictions))
        } else {
            (squeeze(targets)?, predictions.clone())
        });
    }
    if wanted.rank() == given.rank() + 1 && wanted.last() == Some(&1) {
        return Ok(if given.rank() == 1 {
            (expand(targets), predictions.clone())
        } else {
            (targets.clone(), squeeze(predictions)?)
        });
    }
    Ok((targets.clone(), predictions.clone()))
}

/// Gives sample weights the rank of `values`, with ones where they are spread: `(n,)` or `(n, 1)` against `(n,)`, `(n,)` against `(n, t)`.
///
/// Keras 3 leaves `(n,)` against `(n, t)` to broadcasting, which fails, or weights steps instead of samples where `n = t`.
///
/// ```
/// use crisol_tensor::{Shape, Tensor, spread_weights};
/// let weights = spread_weights(&Tensor::ones([8]), &Shape::new(&[8, 5])?)?;
/// assert_eq!(weights.shape()?.sizes(), [8, 1]);
/// # Ok::<(), crisol_tensor::Error>(())
/// ```
///
/// # Errors
/// Weights that fit neither the samples nor the values.
pub fn spread_weights(weights: &Tensor, values: &Shape) -> Result<Tensor> {
    let given = weights.shape()?;
    let mut sizes = given.sizes().to_vec();
    while sizes.len() > values.rank() && sizes.last() == Some(&1) {
        sizes.pop();
    }
    let number = sizes.is_empty();
    sizes.resize(values.rank().max(sizes.len()), 1);
    let fits = sizes.len() == values.rank()
        && sizes.iter().zip(values.iter()).all(|(weight, value)| weight == value || *weight == 1)
        && (number || sizes.first() == values.first());
    if !fits {
        let text = format!("sample weights have shape {given}, the values of the samples {values}");
        return Err(Error::new(ErrorKind::Shape, text)
            .help("give one weight a sample, or as many axes of the values as have weights of their own"));
    }
    Ok(weights.reshape(Shape::new(&sizes)?))
}

/// Without the last axis, of size 1. Logits that are known stay known.
fn squeeze(tensor: &Tensor) -> Result<Tensor> {
    let off = |x: &Tensor| -> Result<Tensor> {
        let shape = x.shape()?;
        Ok(x.reshape(Shape::new(shape.split_last().map(|(_, rest)| rest).unwrap_or_default())?))
    };
    Ok(match tensor.logits() {
        Some(logits) => off(tensor)?.with_logits(&off(logits)?),
        None => off(tensor)?,
    })
}

/// With an axis of size 1 at the end. Logits that are known stay known.
fn expand(tensor: &Tensor) -> Tensor {
    let expanded = tensor.expand_dims(-1);
    match tensor.logits() {
        Some(logits) => expanded.with_logits(&logits.expand_dims(-1)),
        None => expanded,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn aligned(targets: &[usize], predictions: &[usize]) -> (Vec<usize>, Vec<usize>) {
        let (y, p) = align(&Tensor::zeros(targets), &Tensor::zeros(predictions)).unwrap();
        (y.shape().unwrap().sizes().to_vec(), p.shape().unwrap().sizes().to_vec())
    }

    #[test]
    fn one_axis_of_size_one_never_spreads() {
        assert_eq!(aligned(&[4], &[4, 1]), (vec![4, 1], vec![4, 1]));
        assert_eq!(aligned(&[4, 1], &[4]), (vec![4, 1], vec![4, 1]));
        assert_eq!(aligned(&[4, 3, 1], &[4, 3]), (vec![4, 3], vec![4, 3]));
        assert_eq!(aligned(&[4, 3], &[4, 3, 1]), (vec![4, 3], vec![4, 3]));
        assert_eq!(aligned(&[4, 3], &[4, 2]), (vec![4, 3], vec![4, 2]));
    }

    #[test]
    fn probabilities_keep_their_logits() {
        let p = Tensor::zeros([4, 3, 1]).sigmoid();
        let (_, p) = align(&Tensor::zeros([4, 3]), &p).unwrap();
        assert_eq!(p.logits().unwrap().shape().unwrap().sizes(), [4, 3]);
    }

    #[test]
    fn weights_are_spread_over_steps_and_never_over_samples() {
        let spread = |weights: &[usize], values: &[usize]| {
            spread_weights(&Tensor::ones(weights), &Shape::new(values).unwrap())
                .and_then(|w| w.shape())
                .map(|shape| shape.sizes().to_vec())
        };
        assert_eq!(spread(&[4, 1], &[4]).unwrap(), [4]);
        assert_eq!(spread(&[4], &[4, 4]).unwrap(), [4, 1]);
        assert_eq!(spread(&[4, 3], &[4, 3]).unwrap(), [4, 3]);
        assert_eq!(spread(&[], &[4]).unwrap(), [1]);
        for wrong in [[3].as_slice(), &[1], &[4, 2]] {
            assert!(spread(wrong, &[4]).unwrap_err().to_string().contains("one weight a sample"));
        }
    }
}
