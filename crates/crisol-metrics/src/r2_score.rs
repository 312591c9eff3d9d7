//! The coefficient of determination.

use crate::metric::Metric;
use crate::state::State;
use crisol_ir::{DType, Error, ErrorKind, Result, Shape};
use crisol_params::Config;
use crisol_tensor::{Tensor, align, spread_weights};
use serde::{Deserialize, Serialize};

/// How the scores of several outputs become one number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Aggregation {
    /// Their mean.
    #[default]
    UniformAverage,
    /// Their mean, weighted by the variance of the targets.
    VarianceWeightedAverage,
    /// They do not: one number an output.
    None,
}

/// `1 - sum((y - p)^2) / sum((y - mean(y))^2)`, as `keras.metrics.R2Score`: 1 is perfect, 0 as good as the mean.
///
/// Targets and predictions are `[batch, outputs]`. With a number of regressors the score is adjusted by it.
///
/// ```
/// use crisol_metrics::{Metric, R2Score};
/// use crisol_tensor::Tensor;
/// let mut r2 = R2Score::new();
/// let y = Tensor::from_slice(&[1.0f32, 4.0, 3.0], [3]);
/// r2.update(&y, &Tensor::from_slice(&[2.0f32, 4.0, 4.0], [3, 1]), None)?;
/// assert!((r2.result()?.item()? - 0.571_428).abs() < 1e-5);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
#[derive(Debug, Serialize, Deserialize)]
pub struct R2Score {
    aggregation: Aggregation,
    regressors: usize,
    #[serde(skip, default = "one")]
    outputs: usize,
    #[serde(skip)]
    sum: State,
    #[serde(skip)]
    squares: State,
    #[serde(skip)]
    residual: State,
    #[serde(skip)]
    count: State,
    #[serde(skip)]
    samples: State,
}

impl R2Score {
    /// The mean score of all outputs, not adjusted.
    pub fn new() -> R2Score {
        R2Score {
            aggregation: Aggregation::UniformAverage,
            regressors: 0,
            outputs: 1,
            sum: State::new(),
            squares: State::new(),
            residual: State::new(),
            count: State::new(),
            samples: State::new(),
        }
    }

    /// How the scores of several outputs become one number.
    #[must_use]
    pub fn class_aggregation(mut self, aggregation: Aggregation) -> R2Score {
        self.aggregation = aggregation;
        self
    }

    /// Adjusts the score by this many regressors.
    #[must_use]
    pub fn num_regressors(mut self, regressors: usize) -> R2Score {
        self.regressors = regressors;
        self
    }
}

impl Default for R2Score {
    fn default() -> R2Score {
        R2Score::new()
    }
}

impl Metric for R2Score {
    fn name(&self) -> &str {
        "r2_score"
    }

    fn update(&mut self, y_true: &Tensor, y_pred: &Tensor, sample_weight: Option<&Tensor>) -> Result<()> {
        let (y, p) = align(y_true, y_pred)?;
        let (given, shape) = (y.shape()?, p.shape()?);
        if given != shape || shape.rank() != 2 {
            let text = format!("y_true has shape {given}, y_pred {shape}, expected [batch, outputs] for both");
            return Err(Error::new(ErrorKind::Shape, text)
                .operation("r2_score")
                .help("outputs of one number are [batch, 1]"));
        }
        let (y, p) = (y.cast(DType::F32), p.cast(DType::F32));
        let weight = match sample_weight {
            Some(weight) => spread_weights(&weight.cast(DType::F32), &shape)?.broadcast_to(shape),
            None => Tensor::ones(shape),
        };
        self.outputs = shape.last().copied().unwrap_or(1);
        self.sum.add((&y * &weight).sum(0))?;
        self.squares.add((y.square() * &weight).sum(0))?;
        self.residual.add(((y - p).square() * &weight).sum(0))?;
        self.count.add(weight.sum(0))?;
        self.samples.add(Tensor::scalar(DType::F32, shape.elements() as f64))
    }

    fn result(&self) -> Result<Tensor> {
        let shape = Shape::new(&[self.outputs])?;
        let value = |state: &State| state.value(&shape);
        let sum = value(&self.sum);
        let total = value(&self.squares) - &sum * (&sum / value(&self.count));
        let scores = 1.0 - value(&self.residual) / &total;
        let scores = scores.is_inf().select(0.0, scores);
        let score = match self.aggregation {
            Aggregation::UniformAverage => scores.mean_all(),
            Aggregation::VarianceWeightedAverage => (&total * scores).sum_all() / total.sum_all(),
            Aggregation::None => scores,
        };
        if self.regressors == 0 {
            return Ok(score);
        }
        // As in Keras, which counts the numbers of all outputs as samples.
        let samples = self.samples.value(&Shape::SCALAR);
        let free = &samples - (self.regressors + 1) as f64;
        let adjusted = 1.0 - (1.0 - &score) * (samples - 1.0) / &free;
        Ok(free.greater(0.0).select(adjusted, score))
    }

    fn reset(&mut self) -> Result<()> {
        let states = [&mut self.sum, &mut self.squares, &mut self.residual, &mut self.count, &mut self.samples];
        states.into_iter().try_for_each(State::reset)
    }

    fn config(&self) -> Option<Config> {
        Config::of("r2_score", self)
    }
}

/// Before the first batch.
fn one() -> usize {
    1
}
