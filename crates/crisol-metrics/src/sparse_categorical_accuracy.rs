//! Accuracy against class numbers.

use crate::mean::Mean;
use crate::samples::{mean_of_samples, same_shape};
use crisol_ir::{DType, Result};
use crisol_tensor::{Tensor, align};
use serde::{Deserialize, Serialize};

/// The share of samples whose largest output is the one of the target's number, as `keras.metrics.SparseCategoricalAccuracy`.
///
/// ```
/// use crisol_metrics::{Metric, SparseCategoricalAccuracy};
/// use crisol_tensor::Tensor;
/// let mut accuracy = SparseCategoricalAccuracy::new();
/// let y = Tensor::from_slice(&[1i64, 1], [2]);
/// accuracy.update(&y, &Tensor::from_slice(&[0.1f32, 0.9, 0.6, 0.4], [2, 2]), None)?;
/// assert_eq!(accuracy.result()?.item()?, 0.5);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Debug, Serialize, Deserialize)]
pub struct SparseCategoricalAccuracy {
    mean: Mean,
}

impl SparseCategoricalAccuracy {
    /// No batch yet.
    pub fn new() -> SparseCategoricalAccuracy {
        SparseCategoricalAccuracy { mean: Mean::new("sparse_categorical_accuracy") }
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        right(self.mean.name(), y_true, y_pred)
    }
}

impl Default for SparseCategoricalAccuracy {
    fn default() -> SparseCategoricalAccuracy {
        SparseCategoricalAccuracy::new()
    }
}

mean_of_samples!(SparseCategoricalAccuracy);

/// 1 for each sample whose largest output is that of the target's number.
pub(crate) fn right(name: &str, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
    let predicted = y_pred.argmax(-1);
    let (y_true, predicted) = align(y_true, &predicted)?;
    let y_true = y_true.cast(DType::I32);
    same_shape(name, &y_true, &predicted)?;
    let right = y_true.equal(&predicted).cast(DType::F32);
    Ok(if right.rank()? == 2 && right.dim(-1)? == 1 { right.mean(-1) } else { right })
}
