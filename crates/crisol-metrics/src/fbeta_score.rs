//! F scores: precision and recall as one number.

use crate::metric::Metric;
use crate::state::State;
use crisol_ir::{DType, Error, ErrorKind, Result, Shape};
use crisol_params::Config;
use crisol_tensor::{Tensor, align, spread_weights};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// How the scores of several classes become one number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Average {
    /// They do not: one number a class.
    #[default]
    None,
    /// The counts of all classes are added first.
    Micro,
    /// Their mean.
    Macro,
    /// Their mean, weighted by how often a class is the target.
    Weighted,
}

/// `(1 + beta^2) precision recall / (beta^2 precision + recall)`, as `keras.metrics.FBetaScore`.
///
/// Targets and predictions are `[batch, classes]`. Without a threshold the largest output of a sample means yes.
///
/// ```
/// use crisol_metrics::{Average, FBetaScore, Metric};
/// use crisol_tensor::Tensor;
/// let mut f2 = FBetaScore::new(2.0).average(Average::Macro);
/// let y = Tensor::from_slice(&[1.0f32, 0.0, 0.0, 1.0], [2, 2]);
/// f2.update(&y, &y, None)?;
/// assert!((f2.result()?.item()? - 1.0).abs() < 1e-6);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Debug, Serialize, Deserialize)]
pub struct FBetaScore {
    name: Cow<'static, str>,
    beta: f64,
    average: Average,
    threshold: Option<f64>,
    #[serde(skip, default = "one")]
    classes: usize,
    #[serde(skip)]
    hits: State,
    #[serde(skip)]
    predicted: State,
    #[serde(skip)]
    targets: State,
}

impl FBetaScore {
    /// One number a class, of the largest outputs; `fit` shows and keeps their mean, unless an average is chosen. Recall counts `beta` times as much as precision.
    pub fn new(beta: f64) -> FBetaScore {
        let (hits, predicted, targets) = (State::new(), State::new(), State::new());
        FBetaScore {
            name: "fbeta_score".into(),
            beta,
            average: Average::None,
            threshold: None,
            classes: 1,
            hits,
            predicted,
            targets,
        }
    }

    /// As `F1Score`.
    pub(crate) fn f1() -> FBetaScore {
        FBetaScore { name: "f1_score".into(), ..FBetaScore::new(1.0) }
    }

    /// How the scores of several classes become one number.
    #[must_use]
    pub fn average(mut self, average: Average) -> FBetaScore {
        self.average = average;
        self
    }

    /// The output above which a class is meant.
    #[must_use]
    pub fn threshold(mut self, threshold: f64) -> FBetaScore {
        self.threshold = Some(threshold);
        self
    }
}

impl Default for FBetaScore {
    /// Keras' default: a `beta` of 1.
    fn default() -> FBetaScore {
        FBetaScore::new(1.0)
    }
}

impl Metric for FBetaScore {
    fn name(&self) -> &str {
        &self.name
    }

    fn update(&mut self, y_true: &Tensor, y_pred: &Tensor, sample_weight: Option<&Tensor>) -> Result<()> {
        let (y, p) = align(y_true, y_pred)?;
        let (given, shape) = (y.shape()?, p.shape()?);
        if given != shape || shape.rank() != 2 {
            let text = format!("y_true has shape {given}, y_pred {shape}, expected [batch, classes] for both");
            return Err(Error::new(ErrorKind::Shape, text)
                .operation(self.name.clone())
                .help("one-hot targets are needed against several outputs"));
        }
        if self.beta <= 0.0 {
            let text = format!("beta is {}, expected above 0", self.beta);
            return Err(Error::new(ErrorKind::Value, text).operation(self.name.clone()));
        }
        let (y, p) = (y.cast(DType::F32), p.cast(DType::F32));
        let means = match self.threshold {
            Some(threshold) => p.greater(threshold),
            // All zeros mean no class rather than all.
            None => p.greater_equal(p.max_keep(-1)).logical_and(&p.abs().greater(1e-9)),
        };
        let means = means.cast(DType::F32);
        let weight = sample_weight.map(|weight| spread_weights(&weight.cast(DType::F32), &shape)).transpose()?;
        let micro = self.average == Average::Micro;
        let sum = |x: Tensor| {
            let x = match &weight {
                Some(weight) => x * weight,
                None => x,
            };
            if micro { x.sum_all() } else { x.sum(0) }
        };
        self.classes = shape.last().copied().unwrap_or(1);
        self.hits.add(sum(&means * &y))?;
        self.targets.add(sum(y))?;
        self.predicted.add(sum(means))
    }

    fn result(&self) -> Result<Tensor> {
        const EPSILON: f64 = 1e-7;
        let shape = if self.average == Average::Micro { Shape::SCALAR } else { Shape::new(&[self.classes])? };
        let (hits, targets) = (self.hits.value(&shape), self.targets.value(&shape));
        let precision = &hits / (self.predicted.value(&shape) + EPSILON);
        let recall = &hits / (&targets + EPSILON);
        let square = self.beta * self.beta;
        let scores = &precision * &recall / (&precision * square + &recall + EPSILON) * (1.0 + square);
        Ok(match self.average {
            Average::None | Average::Micro => scores,
            Average::Macro => scores.mean_all(),
            Average::Weighted => (scores * (&targets / (targets.sum_all() + EPSILON))).sum_all(),
        })
    }

    fn reset(&mut self) -> Result<()> {
        self.hits.reset()?;
        self.predicted.reset()?;
        self.targets.reset()
    }

    fn config(&self) -> Option<Config> {
        Config::of("fbeta_score", self)
    }
}

/// Before the first batch.
fn one() -> usize {
    1
}
