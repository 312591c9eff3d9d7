//! The F1 score.

use crate::fbeta_score::{Average, FBetaScore};
use crate::metric::Metric;
use crisol_ir::Result;
use crisol_params::Config;
use crisol_tensor::Tensor;
use serde::{Deserialize, Serialize};

/// `2 precision recall / (precision + recall)`, as `keras.metrics.F1Score`: an [`FBetaScore`] with `beta` 1.
///
/// ```
/// use crisol_metrics::{Average, F1Score, Metric};
/// use crisol_tensor::Tensor;
/// let mut f1 = F1Score::new().average(Average::Macro);
/// let y = Tensor::from_slice(&[1.0f32, 0.0, 0.0, 1.0], [2, 2]);
/// f1.update(&y, &y, None)?;
/// assert!((f1.result()?.item()? - 1.0).abs() < 1e-6);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Debug, Serialize, Deserialize)]
pub struct F1Score(FBetaScore);

impl F1Score {
    /// One number a class, of the largest outputs; `fit` shows and keeps their mean, unless an average is chosen.
    pub fn new() -> F1Score {
        F1Score(FBetaScore::f1())
    }

    /// How the scores of several classes become one number.
    #[must_use]
    pub fn average(self, average: Average) -> F1Score {
        F1Score(self.0.average(average))
    }

    /// The output above which a class is meant.
    #[must_use]
    pub fn threshold(self, threshold: f64) -> F1Score {
        F1Score(self.0.threshold(threshold))
    }
}

impl Default for F1Score {
    fn default() -> F1Score {
        F1Score::new()
    }
}

impl Metric for F1Score {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn update(&mut self, y_true: &Tensor, y_pred: &Tensor, sample_weight: Option<&Tensor>) -> Result<()> {
        self.0.update(y_true, y_pred, sample_weight)
    }

    fn result(&self) -> Result<Tensor> {
        self.0.result()
    }

    fn reset(&mut self) -> Result<()> {
        self.0.reset()
    }

    fn config(&self) -> Option<Config> {
        Config::of("f1_score", self)
    }
}
