//! Intersection over union of some classes.

use crate::intersection::{Intersection, intersection_metric};
use serde::{Deserialize, Serialize};

/// The mean of `true positives / (true positives + false positives + false negatives)` over some classes, as `keras.metrics.IoU`; classes that never occur do not count.
///
/// Class numbers may have any one shape. Sample weights count as they are; Keras, unless it is given another `dtype`, cuts them to whole numbers, and warns.
///
/// ```
/// use crisol_metrics::{IoU, Metric};
/// use crisol_tensor::Tensor;
/// let mut metric = IoU::new(2, [0]);
/// let (y, p) = (Tensor::from_slice(&[0i64, 0, 1, 1], [4]), Tensor::from_slice(&[0i64, 1, 0, 1], [4]));
/// metric.update(&y, &p, None)?;
/// assert!((metric.result()?.item()? - 1.0 / 3.0).abs() < 1e-6);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Debug, Serialize, Deserialize)]
pub struct IoU {
    intersection: Intersection,
}

impl IoU {
    /// Of the target classes among `num_classes`.
    pub fn new(num_classes: usize, target_class_ids: impl Into<Vec<usize>>) -> IoU {
        IoU { intersection: Intersection::new("io_u", num_classes, Some(target_class_ids.into())) }
    }
}

intersection_metric!(IoU, as_given ignore_class sparse_y_true sparse_y_pred axis);
