//! Cross-entropy against one-hot targets or distributions, from probabilities or logits.

use crate::loss::Loss;
use crisol_ir::Result;
use crisol_params::Config;
use crisol_tensor::{Tensor, distances};
use serde::{Deserialize, Serialize};

/// `-sum(y log p)` over an axis, as `keras.losses.CategoricalCrossentropy`.
///
/// Logits go through `log_softmax`, as do those behind the output of a softmax, whose [logits](Tensor::logits) are known; other
/// probabilities are divided by their sum and kept `1e-7` away from 0 and 1.
///
/// ```
/// use crisol_losses::{CategoricalCrossentropy, Loss};
/// use crisol_tensor::Tensor;
/// let y = Tensor::from_slice(&[0.0f32, 1.0, 0.0, 0.0, 0.0, 1.0], [2, 3]);
/// let p = Tensor::from_slice(&[0.05f32, 0.95, 0.0, 0.1, 0.8, 0.1], [2, 3]);
/// let loss = CategoricalCrossentropy::new().call(&y, &p, None)?.item()?;
/// assert!((loss - 1.1769392).abs() < 1e-5);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CategoricalCrossentropy {
    from_logits: bool,
    label_smoothing: f64,
    axis: isize,
}

impl CategoricalCrossentropy {
    /// The loss with Keras' defaults: from probabilities, no smoothing, classes along the last axis.
    pub fn new() -> CategoricalCrossentropy {
        CategoricalCrossentropy { from_logits: false, label_smoothing: 0.0, axis: -1 }
    }

    /// Whether predictions are logits rather than probabilities.
    #[must_use]
    pub fn from_logits(mut self, from_logits: bool) -> CategoricalCrossentropy {
        self.from_logits = from_logits;
        self
    }

    /// Moves targets this far towards equal shares: `y (1 - s) + s / classes`, where the last axis holds the classes, as in Keras.
    #[must_use]
    pub fn label_smoothing(mut self, label_smoothing: f64) -> CategoricalCrossentropy {
        self.label_smoothing = label_smoothing;
        self
    }

    /// The axis along which the classes lie.
    #[must_use]
    pub fn axis(mut self, axis: isize) -> CategoricalCrossentropy {
        self.axis = axis;
        self
    }
}

impl Default for CategoricalCrossentropy {
    fn default() -> CategoricalCrossentropy {
        CategoricalCrossentropy::new()
    }
}

impl Loss for CategoricalCrossentropy {
    fn name(&self) -> &str {
        "categorical_crossentropy"
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let y = distances::smooth_categorical(y_true, self.label_smoothing);
        Ok(distances::categorical_crossentropy(&y, y_pred, self.from_logits, self.axis))
    }

    fn expects_probabilities(&self) -> bool {
        !self.from_logits
    }

    fn config(&self) -> Option<Config> {
        Config::of("categorical_crossentropy", self)
    }
}
