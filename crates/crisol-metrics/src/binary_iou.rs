//! Intersection over union of two classes, from scores.

use crate::intersection::{Intersection, intersection_metric};
use crisol_ir::DType;
use crisol_tensor::Tensor;
use serde::{Deserialize, Serialize};

/// The mean of `true positives / (true positives + false positives + false negatives)` over class 0, class 1 or both, as `keras.metrics.BinaryIoU`: predictions from the threshold up mean class 1.
///
/// Class numbers may have any one shape. Sample weights count as they are; Keras, unless it is given another `dtype`, cuts them to whole numbers, and warns.
///
/// ```
/// use crisol_metrics::{BinaryIoU, Metric};
/// use crisol_tensor::Tensor;
/// let mut metric = BinaryIoU::new();
/// let (y, p) = (Tensor::from_slice(&[0i64, 1, 0, 1], [4]), Tensor::from_slice(&[0.1f32, 0.2, 0.4, 0.7], [4]));
/// metric.update(&y, &p, None)?;
/// assert!((metric.result()?.item()? - 7.0 / 12.0).abs() < 1e-6);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Debug, Serialize, Deserialize)]
pub struct BinaryIoU {
    intersection: Intersection,
    threshold: f64,
}

impl BinaryIoU {
    /// Of both classes, at the threshold 0.5.
    pub fn new() -> BinaryIoU {
        BinaryIoU { intersection: Intersection::new("binary_io_u", 2, Some(vec![0, 1])), threshold: 0.5 }
    }

    /// The classes of the mean: `[0]`, `[1]`, or both.
    #[must_use]
    pub fn target_class_ids(mut self, classes: impl Into<Vec<usize>>) -> BinaryIoU {
        self.intersection.targets = Some(classes.into());
        self
    }

    /// The prediction from which on class 1 is meant.
    #[must_use]
    pub fn threshold(mut self, threshold: f64) -> BinaryIoU {
        self.threshold = threshold;
        self
    }

    fn prepared(&self, y_pred: &Tensor) -> Tensor {
        y_pred.cast(DType::F32).greater_equal(self.threshold)
    }
}

impl Default for BinaryIoU {
    fn default() -> BinaryIoU {
        BinaryIoU::new()
    }
}

intersection_metric!(BinaryIoU,);
