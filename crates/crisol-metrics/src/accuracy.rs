//! Accuracy: the share of right predictions, of two classes, of many, or as the shapes tell.

use crate::mean::Mean;
use crate::metric::Metric;
use crisol_ir::{DType, Error, ErrorKind, Result, Shape};
use crisol_params::Config;
use crisol_tensor::{Tensor, align};
use serde::{Deserialize, Serialize};

/// How a prediction counts as right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Rule {
    /// `y_pred > threshold` equals `y_true`.
    Binary,
    /// The largest output is that of the one-hot target.
    Categorical,
    /// The largest output is the one of the target's number.
    Sparse,
}

/// The share of right predictions, as `keras.metrics.BinaryAccuracy`, `CategoricalAccuracy`, `SparseCategoricalAccuracy`, or,
/// by [`Accuracy::new`], whichever of them the shapes call for.
///
/// By shape: predictions whose last axis is 1 are binary; targets of a rank below the predictions', or with 1 at the end against
/// more, are class numbers; all others are one-hot.
///
/// ```
/// use crisol_metrics::{Accuracy, Metric};
/// use crisol_tensor::Tensor;
/// let mut accuracy = Accuracy::new()?;
/// let labels = Tensor::from_slice(&[2i64, 0], [2]);
/// let outputs = Tensor::from_slice(&[0.1f32, 0.2, 0.7, 0.3, 0.6, 0.1], [2, 3]);
/// accuracy.update(&labels, &outputs, None)?;
/// assert_eq!(accuracy.result()?.item()?, 0.5);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Debug, Serialize, Deserialize)]
pub struct Accuracy {
    rule: Option<Rule>,
    threshold: f64,
    mean: Mean,
}

impl Accuracy {
    /// Accuracy by the rule that the shapes of the first batch call for.
    ///
    /// # Errors
    /// The state could not be made.
    pub fn new() -> Result<Accuracy> {
        Accuracy::with(None, "accuracy")
    }

    /// Accuracy of two classes: predictions above 0.5 mean the second.
    ///
    /// # Errors
    /// The state could not be made.
    pub fn binary() -> Result<Accuracy> {
        Accuracy::with(Some(Rule::Binary), "binary_accuracy")
    }

    /// Accuracy against one-hot targets.
    ///
    /// # Errors
    /// The state could not be made.
    pub fn categorical() -> Result<Accuracy> {
        Accuracy::with(Some(Rule::Categorical), "categorical_accuracy")
    }

    /// Accuracy against class numbers.
    ///
    /// # Errors
    /// The state could not be made.
    pub fn sparse_categorical() -> Result<Accuracy> {
        Accuracy::with(Some(Rule::Sparse), "sparse_categorical_accuracy")
    }

    /// The prediction above which the second of two classes is meant.
    #[must_use]
    pub fn threshold(mut self, threshold: f64) -> Accuracy {
        self.threshold = threshold;
        self
    }

    fn with(rule: Option<Rule>, name: &str) -> Result<Accuracy> {
        Ok(Accuracy { rule, threshold: 0.5, mean: Mean::new(name)? })
    }

    /// Where predictions are right: 1, elsewhere 0, for each sample.
    fn right(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let rule = match self.rule {
            Some(rule) => rule,
            None => Rule::of(&y_true.shape()?, &y_pred.shape()?),
        };
        let right = match rule {
            Rule::Binary => {
                let (y_true, y_pred) = align(y_true, y_pred)?;
                let y_true = y_true.cast(y_pred.dtype()?);
                self.same_shape(&y_true, &y_pred)?;
                let predicted = y_pred.greater(self.threshold).cast(y_pred.dtype()?);
                return Ok(predicted.equal(&y_true).cast(DType::F32).mean(-1));
            }
            Rule::Categorical => {
                self.same_shape(y_true, y_pred)?;
                y_true.argmax(-1).equal(y_pred.argmax(-1))
            }
            Rule::Sparse => {
                let predicted = y_pred.argmax(-1);
                let (y_true, predicted) = align(y_true, &predicted)?;
                let y_true = y_true.cast(DType::I32);
                self.same_shape(&y_true, &predicted)?;
                if y_true.rank()? == 2 && y_true.dim(-1)? == 1 {
                    return Ok(y_true.equal(predicted).cast(DType::F32).mean(-1));
                }
                y_true.equal(predicted)
            }
        };
        Ok(right.cast(DType::F32))
    }

    fn same_shape(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<()> {
        let (a, b) = (y_true.shape()?, y_pred.shape()?);
        if a == b {
            return Ok(());
        }
        let text = format!("targets have shape {a}, predictions {b}");
        Err(Error::new(ErrorKind::Shape, text).operation(self.mean.name()))
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

impl Metric for Accuracy {
    fn name(&self) -> &str {
        self.mean.name()
    }

    fn update(&mut self, y_true: &Tensor, y_pred: &Tensor, sample_weight: Option<&Tensor>) -> Result<()> {
        let right = self.right(y_true, y_pred)?;
        self.mean.update(&right, sample_weight)
    }

    fn result(&self) -> Result<Tensor> {
        self.mean.result()
    }

    fn reset(&mut self) -> Result<()> {
        self.mean.reset()
    }

    fn config(&self) -> Option<Config> {
        Config::of("accuracy", self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let mut accuracy = Accuracy::new().unwrap();
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
        let mut accuracy = Accuracy::binary().unwrap();
        let labels = Tensor::from_slice(&[1.0f32, 0.0], [2, 1]);
        let outputs = Tensor::from_slice(&[0.9f32, 0.9], [2, 1]);
        let weights = Tensor::from_slice(&[3.0f32, 1.0], [2]);
        accuracy.update(&labels, &outputs, Some(&weights)).unwrap();
        assert_eq!(accuracy.result().unwrap().item().unwrap(), 0.75);
    }
}
