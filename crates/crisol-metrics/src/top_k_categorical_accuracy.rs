//! Accuracy of the best few.

use crate::mean::Mean;
use crate::metric::Metric;
use crisol_ir::{DType, Error, ErrorKind, Result};
use crisol_params::Config;
use crisol_tensor::{Tensor, align};
use serde::{Deserialize, Serialize};

/// The share of samples whose target is among the `k` largest outputs, as `keras.metrics.TopKCategoricalAccuracy` and, for class numbers,
/// `keras.metrics.SparseTopKCategoricalAccuracy`. Outputs that equal the target's do not count against it.
///
/// ```
/// use crisol_metrics::{Metric, TopKCategoricalAccuracy};
/// use crisol_tensor::Tensor;
/// let mut accuracy = TopKCategoricalAccuracy::sparse(2)?;
/// let p = Tensor::from_slice(&[0.1f32, 0.9, 0.8, 0.05, 0.95, 0.0], [2, 3]);
/// accuracy.update(&Tensor::from_slice(&[2i64, 2], [2]), &p, None)?;
/// assert_eq!(accuracy.result()?.item()?, 0.5);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Debug, Serialize, Deserialize)]
pub struct TopKCategoricalAccuracy {
    count: usize,
    sparse: bool,
    mean: Mean,
}

impl TopKCategoricalAccuracy {
    /// Against one-hot targets.
    ///
    /// # Errors
    /// The state could not be made.
    pub fn new(count: usize) -> Result<TopKCategoricalAccuracy> {
        Ok(TopKCategoricalAccuracy { count, sparse: false, mean: Mean::new("top_k_categorical_accuracy")? })
    }

    /// Against class numbers.
    ///
    /// # Errors
    /// The state could not be made.
    pub fn sparse(count: usize) -> Result<TopKCategoricalAccuracy> {
        Ok(TopKCategoricalAccuracy { count, sparse: true, mean: Mean::new("sparse_top_k_categorical_accuracy")? })
    }
}

impl Metric for TopKCategoricalAccuracy {
    fn name(&self) -> &str {
        self.mean.name()
    }

    fn update(&mut self, y_true: &Tensor, y_pred: &Tensor, sample_weight: Option<&Tensor>) -> Result<()> {
        let classes = y_pred.dim(-1)?;
        let labels = if self.sparse { y_true.cast(DType::I32) } else { y_true.argmax(-1) };
        let (labels, best) = align(&labels, &y_pred.max(-1))?;
        if labels.shape()? != best.shape()? {
            let text = format!("y_true has shape {}, y_pred {}", y_true.shape()?, y_pred.shape()?);
            return Err(Error::new(ErrorKind::Shape, text).operation(self.name()));
        }
        let labels = labels.reshape(y_pred.max(-1).shape()?);
        let own = labels.expand_dims(-1).equal(Tensor::range(DType::I32, classes));
        let better = y_pred.greater(own.select(y_pred, 0.0).sum_keep(-1)).cast(DType::F32).sum(-1);
        self.mean.update(&better.less(self.count as f64).cast(DType::F32), sample_weight)
    }

    fn result(&self) -> Result<Tensor> {
        self.mean.result()
    }

    fn reset(&mut self) -> Result<()> {
        self.mean.reset()
    }

    fn config(&self) -> Option<Config> {
        Config::of("top_k_categorical_accuracy", self)
    }
}
