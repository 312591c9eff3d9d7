//! Cross-entropy against class numbers, from probabilities or logits.

use crate::EPSILON;
use crate::loss::Loss;
use crisol_ir::{Error, ErrorKind, Result, Shape};
use crisol_tensor::Tensor;

/// `-log p[y]` for class numbers `y`, as `keras.losses.SparseCategoricalCrossentropy`.
///
/// Logits go through `log_softmax`, as do those behind the output of a softmax, whose [logits](Tensor::logits) are known; other
/// probabilities are divided by their sum and kept `1e-7` away from 0 and 1. Targets have the shape of
/// the predictions without the last axis; one of size 1 at their end is taken off.
///
/// ```
/// use crisol_losses::{Loss, SparseCategoricalCrossentropy};
/// use crisol_tensor::Tensor;
/// let y = Tensor::from_slice(&[1i64, 2], [2]);
/// let p = Tensor::from_slice(&[0.05f32, 0.95, 0.0, 0.1, 0.8, 0.1], [2, 3]);
/// let loss = SparseCategoricalCrossentropy::new().call(&y, &p, None)?.item()?;
/// assert!((loss - 1.1769392).abs() < 1e-5);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct SparseCategoricalCrossentropy {
    from_logits: bool,
}

impl SparseCategoricalCrossentropy {
    /// The loss with Keras' defaults: from probabilities.
    pub fn new() -> SparseCategoricalCrossentropy {
        SparseCategoricalCrossentropy::default()
    }

    /// Whether predictions are logits rather than probabilities.
    #[must_use]
    pub fn from_logits(mut self, from_logits: bool) -> SparseCategoricalCrossentropy {
        self.from_logits = from_logits;
        self
    }
}

impl Loss for SparseCategoricalCrossentropy {
    fn name(&self) -> &str {
        "sparse_categorical_crossentropy"
    }

    fn classes(&self, y_pred: &Shape) -> Option<usize> {
        y_pred.last().copied()
    }

    fn align(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<(Tensor, Tensor)> {
        let (given, predictions) = (y_true.shape()?, y_pred.shape()?);
        let samples = predictions.rank().checked_sub(1).map(|last| &predictions[..last]);
        let Some(samples) = samples else {
            return Err(Error::new(ErrorKind::Shape, "predictions are a scalar, expected [batch, classes]")
                .operation(self.name()));
        };
        let squeezed = match given.split_last() {
            Some((1, rest)) if rest == samples => rest,
            _ => given.sizes(),
        };
        if squeezed != samples {
            return Err(Error::new(
                ErrorKind::Shape,
                format!("targets have shape {given}, expected {samples:?} for predictions {predictions}"),
            )
            .operation(self.name())
            .help("this loss takes class numbers; one-hot targets go with categorical_crossentropy"));
        }
        Ok((y_true.reshape(Shape::new(squeezed)?), y_pred.clone()))
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let logits = if self.from_logits { Some(y_pred) } else { y_pred.logits() };
        let logs = if let Some(logits) = logits {
            logits.log_softmax(-1)
        } else {
            (y_pred / y_pred.sum_keep(-1)).clip(EPSILON, 1.0 - EPSILON).log()
        };
        let classes = Tensor::range(crisol_ir::DType::I32, y_pred.dim(-1)?);
        let chosen = y_true.cast(crisol_ir::DType::I32).expand_dims(-1).equal(classes);
        Ok(-chosen.select(&logs, 0.0).sum(-1))
    }
}
