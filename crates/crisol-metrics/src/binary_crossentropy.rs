//! Binary cross-entropy as a metric.

use crate::mean::Mean;
use crate::samples::{aligned, mean_of_samples};
use crisol_ir::Result;
use crisol_tensor::{Tensor, distances};
use serde::{Deserialize, Serialize};

/// The mean of `-(y log p + (1 - y) log(1 - p))`, as `keras.metrics.BinaryCrossentropy`.
///
/// ```
/// use crisol_metrics::{BinaryCrossentropy, Metric};
/// use crisol_tensor::Tensor;
/// let mut metric = BinaryCrossentropy::new();
/// metric.update(&Tensor::from_slice(&[1.0f32, 0.0], [2]), &Tensor::from_slice(&[0.5f32, 0.5], [2, 1]), None)?;
/// assert!((metric.result()?.item()? - 2f64.ln()).abs() < 1e-4);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Debug, Serialize, Deserialize)]
pub struct BinaryCrossentropy {
    from_logits: bool,
    label_smoothing: f64,
    mean: Mean,
}

impl BinaryCrossentropy {
    /// No batch yet; Keras' defaults.
    pub fn new() -> BinaryCrossentropy {
        BinaryCrossentropy { from_logits: false, label_smoothing: 0.0, mean: Mean::new("binary_crossentropy") }
    }

    /// Whether predictions are logits rather than probabilities; by default they are not.
    #[must_use]
    pub fn from_logits(mut self, from_logits: bool) -> BinaryCrossentropy {
        self.from_logits = from_logits;
        self
    }

    /// Moves targets this far towards 0.5: `y (1 - s) + s / 2`; 0 by default.
    #[must_use]
    pub fn label_smoothing(mut self, label_smoothing: f64) -> BinaryCrossentropy {
        self.label_smoothing = label_smoothing;
        self
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let (y_true, y_pred) = aligned(self.mean.name(), y_true, y_pred)?;
        let y_true = distances::smooth_binary(&y_true, self.label_smoothing);
        Ok(distances::binary_crossentropy(&y_true, &y_pred, self.from_logits, -1))
    }
}

impl Default for BinaryCrossentropy {
    fn default() -> BinaryCrossentropy {
        BinaryCrossentropy::new()
    }
}

mean_of_samples!(BinaryCrossentropy);
