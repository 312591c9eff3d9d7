//! Intersection over union of all classes.

use crate::intersection::{Intersection, intersection_metric};
use serde::{Deserialize, Serialize};

/// The mean of `true positives / (true positives + false positives + false negatives)` over all classes, as `keras.metrics.MeanIoU`; classes that never occur do not count.
///
/// Class numbers may have any one shape. Sample weights count as they are; Keras, unless it is given another `dtype`, cuts them to whole numbers, and warns.
///
/// ```
/// use crisol_metrics::{MeanIoU, Metric};
/// use crisol_tensor::Tensor;
/// let mut metric = MeanIoU::new(2);
/// let (y, p) = (Tensor::from_slice(&[0i64, 0, 1, 1], [4]), Tensor::from_slice(&[0i64, 1, 0, 1], [4]));
/// metric.update(&y, &p, None)?;
/// assert!((metric.result()?.item()? - 1.0 / 3.0).abs() < 1e-6);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Debug, Serialize, Deserialize)]
pub struct MeanIoU {
    intersection: Intersection,
}

impl MeanIoU {
    /// Of all of `num_classes`.
    pub fn new(num_classes: usize) -> MeanIoU {
        MeanIoU { intersection: Intersection::new("mean_io_u", num_classes, None) }
    }
}

intersection_metric!(MeanIoU, as_given ignore_class sparse_y_true sparse_y_pred axis);
