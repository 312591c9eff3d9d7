//! Intersection over union of all classes, from one-hot targets.

use crate::intersection::{Intersection, intersection_metric};
use serde::{Deserialize, Serialize};

/// The mean of `true positives / (true positives + false positives + false negatives)` over all classes, for one-hot targets and a score for each class, as `keras.metrics.OneHotMeanIoU`; classes that never occur do not count.
///
/// Class numbers may have any one shape. Sample weights count as they are; Keras, unless it is given another `dtype`, cuts them to whole numbers, and warns.
///
/// ```
/// use crisol_metrics::{Metric, OneHotMeanIoU};
/// use crisol_tensor::Tensor;
/// let mut metric = OneHotMeanIoU::new(2);
/// let y = Tensor::from_slice(&[1.0f32, 0.0, 0.0, 1.0], [2, 2]);
/// metric.update(&y, &Tensor::from_slice(&[0.8f32, 0.2, 0.6, 0.4], [2, 2]), None)?;
/// assert!((metric.result()?.item()? - 0.25).abs() < 1e-6);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Debug, Serialize, Deserialize)]
pub struct OneHotMeanIoU {
    intersection: Intersection,
}

impl OneHotMeanIoU {
    /// Of all of `num_classes`.
    pub fn new(num_classes: usize) -> OneHotMeanIoU {
        let intersection = Intersection::new("one_hot_mean_io_u", num_classes, None);
        OneHotMeanIoU { intersection: Intersection { sparse_y_true: false, sparse_y_pred: false, ..intersection } }
    }
}

intersection_metric!(OneHotMeanIoU, as_given ignore_class sparse_y_pred axis);
