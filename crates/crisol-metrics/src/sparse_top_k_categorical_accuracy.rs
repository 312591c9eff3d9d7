//! Accuracy of the best few, against class numbers.

use crate::mean::Mean;
use crate::samples::{mean_of_samples, same_shape};
use crisol_ir::{DType, Result};
use crisol_tensor::{Tensor, align};
use serde::{Deserialize, Serialize};

/// The share of samples whose target, a class number, is among the `k` largest outputs, as `keras.metrics.SparseTopKCategoricalAccuracy`. Outputs
/// that equal the target's do not count against it.
///
/// ```
/// use crisol_metrics::{Metric, SparseTopKCategoricalAccuracy};
/// use crisol_tensor::Tensor;
/// let mut accuracy = SparseTopKCategoricalAccuracy::new(2);
/// let p = Tensor::from_slice(&[0.1f32, 0.9, 0.8, 0.05, 0.95, 0.0], [2, 3]);
/// accuracy.update(&Tensor::from_slice(&[2i64, 2], [2]), &p, None)?;
/// assert_eq!(accuracy.result()?.item()?, 0.5);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Debug, Serialize, Deserialize)]
pub struct SparseTopKCategoricalAccuracy {
    count: usize,
    mean: Mean,
}

impl SparseTopKCategoricalAccuracy {
    /// Among the `count` best; Keras' default is 5.
    pub fn new(count: usize) -> SparseTopKCategoricalAccuracy {
        SparseTopKCategoricalAccuracy { count, mean: Mean::new("sparse_top_k_categorical_accuracy") }
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        within(self.mean.name(), &y_true.cast(DType::I32), y_pred, self.count)
    }
}

impl Default for SparseTopKCategoricalAccuracy {
    fn default() -> SparseTopKCategoricalAccuracy {
        SparseTopKCategoricalAccuracy::new(5)
    }
}

mean_of_samples!(SparseTopKCategoricalAccuracy);

/// 1 for each sample with fewer than `count` outputs above that of its class number.
pub(crate) fn within(name: &str, labels: &Tensor, y_pred: &Tensor, count: usize) -> Result<Tensor> {
    let best = y_pred.max(-1);
    let (labels, aligned) = align(labels, &best)?;
    same_shape(name, &labels, &aligned)?;
    let labels = labels.reshape(best.shape()?);
    let own = labels.expand_dims(-1).equal(Tensor::range(DType::I32, y_pred.dim(-1)?));
    let better = y_pred.greater(own.select(y_pred, 0.0).sum_keep(-1)).cast(DType::F32).sum(-1);
    Ok(better.less(count as f64).cast(DType::F32))
}
