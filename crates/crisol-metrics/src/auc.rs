//! The area under a curve.

use crate::confusion::Confusion;
use crate::metric::Metric;
use crate::state::divide_no_nan;
use crisol_ir::Result;
use crisol_params::Config;
use crisol_tensor::Tensor;
use serde::{Deserialize, Serialize};

/// The curve under which the area lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Curve {
    /// The share of targets found over the share of false alarms: the receiver operating characteristic.
    #[default]
    Roc,
    /// Precision over recall.
    Pr,
    /// Precision gain over recall gain (Flach and Kull, 2015).
    PrGain,
}

/// How the area between two thresholds is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Summation {
    /// By a straight line between the two; for precision and recall as Davis and Goadrich (2006).
    #[default]
    Interpolation,
    /// By the lower of the two.
    Minoring,
    /// By the higher of the two.
    Majoring,
}

/// The area under the ROC or precision-recall curve, from counts at 200 even thresholds unless said, as `keras.metrics.AUC`.
///
/// ```
/// use crisol_metrics::{Auc, Metric};
/// use crisol_tensor::Tensor;
/// let mut auc = Auc::new();
/// let y = Tensor::from_slice(&[0u8, 0, 1, 1], [4]);
/// auc.update(&y, &Tensor::from_slice(&[0.0f32, 0.5, 0.3, 0.9], [4]), None)?;
/// assert!((auc.result()?.item()? - 0.75).abs() < 1e-6);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Debug, Serialize, Deserialize)]
pub struct Auc {
    confusion: Confusion,
    count: usize,
    curve: Curve,
    summation: Summation,
    from_logits: bool,
    #[serde(default)]
    label_weights: Option<Vec<f32>>,
}

impl Auc {
    /// Keras' defaults: ROC, interpolation, 200 thresholds, from probabilities.
    pub fn new() -> Auc {
        Auc {
            confusion: Confusion::new(Vec::new()),
            count: 0,
            curve: Curve::Roc,
            summation: Summation::Interpolation,
            from_logits: false,
            label_weights: None,
        }
        .num_thresholds(200)
    }

    /// How many even thresholds there are, at least 2.
    #[must_use]
    pub fn num_thresholds(self, count: usize) -> Auc {
        let steps = count.max(2) - 1;
        self.thresholds((1..steps).map(|place| place as f64 / steps as f64).collect::<Vec<f64>>())
    }

    /// The thresholds between 0 and 1; one below and one above are added.
    #[must_use]
    pub fn thresholds(mut self, thresholds: impl Into<Vec<f64>>) -> Auc {
        let mut all = thresholds.into();
        all.sort_by(f64::total_cmp);
        all.insert(0, -1e-7);
        all.push(1.0 + 1e-7);
        self.count = all.len();
        self.confusion.set_thresholds(all);
        self
    }

    /// The curve.
    #[must_use]
    pub fn curve(mut self, curve: Curve) -> Auc {
        self.curve = curve;
        self
    }

    /// How the area is summed.
    #[must_use]
    pub fn summation_method(mut self, summation: Summation) -> Auc {
        self.summation = summation;
        self
    }

    /// Whether predictions are logits rather than probabilities.
    #[must_use]
    pub fn from_logits(mut self, from_logits: bool) -> Auc {
        self.from_logits = from_logits;
        self
    }

    /// Whether each of several outputs has an area of its own, of which the mean is taken; by default all outputs count as one.
    #[must_use]
    pub fn multi_label(mut self, multi_label: bool) -> Auc {
        self.confusion.multi_label = multi_label;
        self
    }

    /// What each of several outputs counts: in the mean of their areas, or else in the counts of the one area.
    #[must_use]
    pub fn label_weights(mut self, weights: impl Into<Vec<f32>>) -> Auc {
        self.label_weights = Some(weights.into());
        self
    }

    /// The area of parts `[thresholds - 1]`, or the mean of those of several outputs.
    fn summed(&self, parts: Tensor) -> Tensor {
        if !self.confusion.multi_label {
            return parts.sum_all();
        }
        let areas = parts.sum(0);
        match &self.label_weights {
            Some(weights) => {
                let weights = Tensor::from_slice(weights, [weights.len()]);
                divide_no_nan(&(areas * &weights).sum_all(), &weights.sum_all())
            }
            None => areas.mean_all(),
        }
    }

    fn gains(&self) -> (Tensor, Tensor) {
        let (hits, alarms) = (self.confusion.true_positives(), self.confusion.false_positives());
        let (missed, refused) = (self.confusion.false_negatives(), self.confusion.true_negatives());
        let scale = divide_no_nan(&(&hits + &missed), &(refused + &alarms));
        let gain = |wrong: &Tensor| 1.0 - &scale * divide_no_nan(wrong, &hits);
        let none = hits.equal(0.0);
        (none.select(0.0, gain(&missed)).maximum(0.0), none.select(1.0, gain(&alarms)))
    }

    fn ends(&self, x: &Tensor) -> (Tensor, Tensor) {
        let last = self.count as isize - 1;
        (x.slice_axis(0, Some(0), Some(last), 1), x.slice_axis(0, Some(1), None, 1))
    }

    fn interpolated_precision_recall(&self) -> Tensor {
        let hits = self.confusion.true_positives();
        let positive = &hits + self.confusion.false_positives();
        let ((hits_before, hits_after), (before, after)) = (self.ends(&hits), self.ends(&positive));
        let (_, missed) = self.ends(&self.confusion.false_negatives());
        let found = &hits_before - &hits_after;
        let slope = divide_no_nan(&found, &(&before - &after).maximum(0.0));
        let intercept = &hits_after - &slope * &after;
        let both = before.greater(0.0).logical_and(&after.greater(0.0));
        let ratio = both.select(divide_no_nan(&before, &after.maximum(0.0)), 1.0);
        let area = slope * (found + intercept * ratio.log());
        self.summed(divide_no_nan(&area, &(hits_after + missed).maximum(0.0)))
    }
}

impl Default for Auc {
    fn default() -> Auc {
        Auc::new()
    }
}

impl Metric for Auc {
    fn name(&self) -> &str {
        "auc"
    }

    fn update(&mut self, y_true: &Tensor, y_pred: &Tensor, sample_weight: Option<&Tensor>) -> Result<()> {
        let p = if self.from_logits { &y_pred.sigmoid() } else { y_pred };
        self.confusion.label_weights = if self.confusion.multi_label { None } else { self.label_weights.clone() };
        self.confusion.update(y_true, p, sample_weight).map_err(|error| error.operation("auc"))
    }

    fn result(&self) -> Result<Tensor> {
        if self.curve == Curve::Pr && self.summation == Summation::Interpolation {
            return Ok(self.interpolated_precision_recall());
        }
        let (hits, alarms) = (self.confusion.true_positives(), self.confusion.false_positives());
        let recall = divide_no_nan(&hits, &(&hits + self.confusion.false_negatives()));
        let (x, y) = match self.curve {
            Curve::Roc => (divide_no_nan(&alarms, &(&alarms + self.confusion.true_negatives())), recall),
            Curve::PrGain => self.gains(),
            Curve::Pr => (recall, divide_no_nan(&hits, &(&hits + &alarms))),
        };
        let ((y_before, y_after), (x_before, x_after)) = (self.ends(&y), self.ends(&x));
        let heights = match self.summation {
            Summation::Interpolation => (y_before + y_after) / 2.0,
            Summation::Minoring => y_before.minimum(y_after),
            Summation::Majoring => y_before.maximum(y_after),
        };
        Ok(self.summed((x_before - x_after) * heights))
    }

    fn reset(&mut self) -> Result<()> {
        self.confusion.reset()
    }

    fn config(&self) -> Option<Config> {
        Config::of("auc", self)
    }
}
