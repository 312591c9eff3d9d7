//! Categorical cross-entropy as a metric.

use crate::mean::Mean;
use crate::samples::{aligned, mean_of_samples};
use crisol_ir::Result;
use crisol_tensor::{Tensor, distances};
use serde::{Deserialize, Serialize};

/// The mean of `-sum(y log p)` for one-hot targets, as `keras.metrics.CategoricalCrossentropy`.
///
/// ```
/// use crisol_metrics::{CategoricalCrossentropy, Metric};
/// use crisol_tensor::Tensor;
/// let mut metric = CategoricalCrossentropy::new();
/// metric.update(&Tensor::from_slice(&[1.0f32, 0.0], [1, 2]), &Tensor::from_slice(&[0.5f32, 0.5], [1, 2]), None)?;
/// assert!((metric.result()?.item()? - 2f64.ln()).abs() < 1e-4);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Debug, Serialize, Deserialize)]
pub struct CategoricalCrossentropy {
    from_logits: bool,
    label_smoothing: f64,
    axis: isize,
    mean: Mean,
}

impl CategoricalCrossentropy {
    /// No batch yet; Keras' defaults.
    pub fn new() -> CategoricalCrossentropy {
        CategoricalCrossentropy {
            from_logits: false,
            label_smoothing: 0.0,
            axis: -1,
            mean: Mean::new("categorical_crossentropy"),
        }
    }

    /// Whether predictions are logits rather than probabilities; by default they are not.
    #[must_use]
    pub fn from_logits(mut self, from_logits: bool) -> CategoricalCrossentropy {
        self.from_logits = from_logits;
        self
    }

    /// Spreads this share of each target evenly over the classes; 0 by default.
    #[must_use]
    pub fn label_smoothing(mut self, label_smoothing: f64) -> CategoricalCrossentropy {
        self.label_smoothing = label_smoothing;
        self
    }

    /// The axis of the classes; the last by default.
    #[must_use]
    pub fn axis(mut self, axis: isize) -> CategoricalCrossentropy {
        self.axis = axis;
        self
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let (y_true, y_pred) = aligned(self.mean.name(), y_true, y_pred)?;
        let y_true = distances::smooth_categorical(&y_true, self.label_smoothing);
        Ok(distances::categorical_crossentropy(&y_true, &y_pred, self.from_logits, self.axis))
    }
}

impl Default for CategoricalCrossentropy {
    fn default() -> CategoricalCrossentropy {
        CategoricalCrossentropy::new()
    }
}

mean_of_samples!(CategoricalCrossentropy);
