//! Intersection over union of some classes, from one-hot targets.

use crate::intersection::{Intersection, intersection_metric};
use serde::{Deserialize, Serialize};

/// The mean of `true positives / (true positives + false positives + false negatives)` over some classes, for one-hot targets and a score for each class, as `keras.metrics.OneHotIoU`; classes that never occur do not count.
///
/// Class numbers may have any one shape. Sample weights count as they are; Keras, unless it is given another `dtype`, cuts them to whole numbers, and warns.
///
/// ```
/// use crisol_metrics::{Metric, OneHotIoU};
/// use crisol_tensor::Tensor;
/// let mut metric = OneHotIoU::new(2, [0]);
/// let y = Tensor::from_slice(&[1.0f32, 0.0, 0.0, 1.0], [2, 2]);
/// metric.update(&y, &Tensor::from_slice(&[0.8f32, 0.2, 0.6, 0.4], [2, 2]), None)?;
/// assert!((metric.result()?.item()? - 0.5).abs() < 1e-6);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Debug, Serialize, Deserialize)]
pub struct OneHotIoU {
    intersection: Intersection,
}

impl OneHotIoU {
    /// Of the target classes among `num_classes`.
    pub fn new(num_classes: usize, target_class_ids: impl Into<Vec<usize>>) -> OneHotIoU {
        let intersection = Intersection::new("one_hot_io_u", num_classes, Some(target_class_ids.into()));
        OneHotIoU { intersection: Intersection { sparse_y_true: false, sparse_y_pred: false, ..intersection } }
    }
}

intersection_metric!(OneHotIoU, as_given ignore_class sparse_y_pred axis);
