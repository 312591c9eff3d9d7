//! Accuracy by the rule that the shapes call for.

use crate::mean::Mean;
use crate::samples::{aligned, mean_of_samples, same_shape};
use crate::{binary_accuracy, categorical_accuracy, sparse_categorical_accuracy};
use crisol_ir::{Result, Shape};
use crisol_tensor::Tensor;
use serde::{Deserialize, Serialize};

/// How a prediction counts as right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    Binary,
    Categorical,
    Sparse,
}

/// The share of right predictions as [`BinaryAccuracy`](crate::BinaryAccuracy), [`CategoricalAccuracy`](crate::CategoricalAccuracy) or
/// [`SparseCategoricalAccuracy`](crate::SparseCategoricalAccuracy), whichever the shapes call for: what Keras' `compile` understands by
/// `"accuracy"`. (Keras' type `metrics.Accuracy` is another thing: the share of predictions that are equal to the targets.)
///
/// By shape: predictions whose last axis is 1 are binary; targets of a rank below the predictions', or with 1 at the end against
/// more, are class numbers; all others are one-hot.
///
/// ```
/// use crisol_metrics::{Accuracy, Metric};
/// use crisol_tensor::Tensor;
/// let mut accuracy = Accuracy::new();
/// let labels = Tensor::from_slice(&[2i64, 0], [2]);
/// let outputs = Tensor::from_slice(&[0.1f32, 0.2, 0.7, 0.3, 0.6, 0.1], [2, 3]);
/// accuracy.update(&labels, &outputs, None)?;
/// assert_eq!(accuracy.result()?.item()?, 0.5);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Debug, Serialize, Deserialize)]
pub struct Accuracy {
    mean: Mean,
}

impl Accuracy {
    /// No batch yet.
    pub fn new() -> Accuracy {
        Accuracy { mean: Mean::new("accuracy") }
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let name = self.mean.name();
        match Rule::of(&y_true.shape()?, &y_pred.shape()?) {
            Rule::Binary => {
                let (y_true, y_pred) = aligned(name, y_true, y_pred)?;
                Ok(binary_accuracy::right(&y_true, &y_pred, 0.5))
            }
            Rule::Categorical => {
                same_shape(name, y_true, y_pred)?;
                Ok(categorical_accuracy::right(y_true, y_pred))
            }
            Rule::Sparse => sparse_categorical_accuracy::right(name, y_true, y_pred),
        }
    }
}

impl Rule {
    /// The rule Keras chooses for `"accuracy"`.
    fn of(y_true: &Shape, y_pred: &Shape) -> Rule {
        let outputs = y_pred.last().copied().unwrap_or(1);
        if outputs == 1 {
            Rule::Binary
        } else if y_true.rank() < y_pred.rank() || y_true.last() == Some(&1) {
            Rule::Sparse
        } else {
            Rule::Categorical
        }
    }
}

impl Default for Accuracy {
    fn default() -> Accuracy {
        Accuracy::new()
    }
}

mean_of_samples!(Accuracy);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::Metric;

    fn shape(sizes: &[usize]) -> Shape {
        Shape::new(sizes).unwrap()
    }

    #[test]
    fn shapes_choose_the_rule_of_keras() {
        assert_eq!(Rule::of(&shape(&[32]), &shape(&[32, 1])), Rule::Binary);
        assert_eq!(Rule::of(&shape(&[32, 1]), &shape(&[32, 10])), Rule::Sparse);
        assert_eq!(Rule::of(&shape(&[32]), &shape(&[32, 10])), Rule::Sparse);
        assert_eq!(Rule::of(&shape(&[32, 10]), &shape(&[32, 10])), Rule::Categorical);
    }

    #[test]
    fn labels_of_one_axis_are_not_spread_over_the_batch() {
        let mut accuracy = Accuracy::new();
        let labels = Tensor::from_slice(&[1.0f32, 0.0, 1.0], [3]);
        let outputs = Tensor::from_slice(&[0.9f32, 0.2, 0.4], [3, 1]);
        accuracy.update(&labels, &outputs, None).unwrap();
        let found = accuracy.result().unwrap().item().unwrap();
        assert!((found - 2.0 / 3.0).abs() < 1e-6, "{found}");
        accuracy.reset().unwrap();
        assert_eq!(accuracy.result().unwrap().item().unwrap(), 0.0);
    }

    #[test]
    fn sample_weights_count() {
        let mut accuracy = Accuracy::new();
        let labels = Tensor::from_slice(&[1.0f32, 0.0], [2, 1]);
        let outputs = Tensor::from_slice(&[0.9f32, 0.9], [2, 1]);
        let weights = Tensor::from_slice(&[3.0f32, 1.0], [2]);
        accuracy.update(&labels, &outputs, Some(&weights)).unwrap();
        assert_eq!(accuracy.result().unwrap().item().unwrap(), 0.75);
    }
}
