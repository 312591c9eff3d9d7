//! Right and wrong answers at thresholds: what precision, recall and areas are made of.

use crate::state::{State, divide_no_nan};
use crisol_ir::{DType, Error, ErrorKind, Result, Shape};
use crisol_tensor::{Tensor, align, spread_weights};
use serde::{Deserialize, Serialize};

/// The score of what is not among the best, as in Keras.
const NEVER: f64 = -1e10;

/// Counts of true and false positives and negatives, one a threshold: a prediction above the threshold means yes.
///
/// Thresholds that divide 0 to 1 evenly are compared as Keras does: a score belongs to the bucket `ceil(p (n - 1)) - 1`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Confusion {
    thresholds: Vec<f64>,
    pub(crate) top_k: Option<usize>,
    pub(crate) class_id: Option<usize>,
    /// Counts for each of several outputs: states are `[thresholds, outputs]`.
    #[serde(default)]
    pub(crate) multi_label: bool,
    /// What each of several outputs counts.
    #[serde(default)]
    pub(crate) label_weights: Option<Vec<f32>>,
    #[serde(skip)]
    true_positives: State,
    #[serde(skip)]
    false_positives: State,
    #[serde(skip)]
    true_negatives: State,
    #[serde(skip)]
    false_negatives: State,
}

impl Confusion {
    pub(crate) fn new(thresholds: Vec<f64>) -> Confusion {
        Confusion {
            thresholds,
            top_k: None,
            class_id: None,
            multi_label: false,
            label_weights: None,
            true_positives: State::new(),
            false_positives: State::new(),
            true_negatives: State::new(),
            false_negatives: State::new(),
        }
    }

    /// Thresholds that divide 0 to 1 evenly, both ends included.
    pub(crate) fn even(count: usize) -> Confusion {
        let steps = count.saturating_sub(1).max(1) as f64;
        let thresholds = if count < 2 { vec![0.5] } else { (0..count).map(|place| place as f64 / steps).collect() };
        Confusion::new(thresholds)
    }

    pub(crate) fn precision(&self) -> Tensor {
        let hits = self.true_positives();
        divide_no_nan(&hits, &(&hits + self.false_positives()))
    }

    pub(crate) fn recall(&self) -> Tensor {
        let hits = self.true_positives();
        divide_no_nan(&hits, &(&hits + self.false_negatives()))
    }

    pub(crate) fn specificity(&self) -> Tensor {
        let right = self.true_negatives();
        divide_no_nan(&right, &(&right + self.false_positives()))
    }

    pub(crate) fn set_thresholds(&mut self, thresholds: Vec<f64>) {
        self.thresholds = thresholds;
    }

    pub(crate) fn update(&mut self, y_true: &Tensor, y_pred: &Tensor, sample_weight: Option<&Tensor>) -> Result<()> {
        let (y, p) = align(y_true, y_pred)?;
        let (given, shape) = (y.shape()?, p.shape()?);
        if given != shape {
            let text = format!("y_true has shape {given}, y_pred {shape}");
            return Err(Error::new(ErrorKind::Shape, text).help("one-hot targets are needed against several outputs"));
        }
        let (y, mut p) = (y.cast(DType::F32), p.cast(DType::F32));
        if let Some(count) = self.top_k {
            let (_, best) = p.top_k(count);
            let chosen = best.one_hot(p.dim(-1)?).cast(DType::F32).sum(-2);
            p = &p * &chosen + (1.0 - chosen) * NEVER;
        }
        let (y, p) = match self.class_id {
            Some(class) => {
                let class = class as isize;
                let one = |x: Tensor| x.slice_axis(-1, Some(class), Some(class + 1), 1);
                (one(y), one(p))
            }
            None => (y, p),
        };
        let shape = p.shape()?;
        let mut weight = match sample_weight {
            Some(weight) => Some(spread_weights(&weight.cast(DType::F32), &shape)?),
            None => None,
        };
        if let Some(labels) = &self.label_weights {
            if shape.rank() < 2 || shape.last() != Some(&labels.len()) {
                let text = format!("{} label weights against predictions of shape {shape}", labels.len());
                return Err(Error::new(ErrorKind::Shape, text).help("give one weight for each output"));
            }
            let labels = Tensor::from_slice(labels, [labels.len()]);
            weight = Some(weight.map_or_else(|| labels.clone(), |weight| weight * &labels));
        }
        let yes = y.not_equal(0.0).cast(DType::F32);
        let (yes, no) = match weight {
            Some(weight) => (&yes * &weight, (1.0 - &yes) * weight),
            None => (yes.clone(), 1.0 - yes),
        };
        let labels = if self.multi_label { shape.last().copied().unwrap_or(1) } else { 1 };
        let rows = Shape::new(&[1, shape.elements() / labels.max(1), labels])?;
        let above = self.above(&p.reshape(rows))?;
        let (yes, no) = (yes.reshape(rows), no.reshape(rows));
        let (hits, alarms) = ((&above * &yes).sum(1), (above * &no).sum(1));
        let counted = |x: Tensor| if self.multi_label { x } else { x.reshape([self.thresholds.len()]) };
        let (hits, alarms) = (counted(hits), counted(alarms));
        let (yes, no) = if self.multi_label { (yes.sum(1), no.sum(1)) } else { (yes.sum_all(), no.sum_all()) };
        self.false_negatives.add(yes - &hits)?;
        self.true_negatives.add(no - &alarms)?;
        self.true_positives.add(hits)?;
        self.false_positives.add(alarms)
    }

    /// 1 where a prediction `[1, n, labels]` is above a threshold, `[thresholds, n, labels]`.
    fn above(&self, p: &Tensor) -> Result<Tensor> {
        let count = self.thresholds.len();
        let column = |edges: Vec<f32>| Tensor::from_slice(&edges, [count, 1, 1]);
        let last = (count - 1) as f64;
        let even = count > 2
            && self
                .thresholds
                .iter()
                .enumerate()
                .all(|(place, t)| (t - place as f64 / last).abs() <= 1e-7 + 1e-5 * place as f64 / last);
        let above = if even {
            // With ends beyond 0 and 1, the first threshold is below every score.
            let beyond = self.thresholds.first().is_some_and(|first| *first < 0.0);
            let edges = (0..count).map(|place| if place == 0 && beyond { -1.0 } else { place as f32 }).collect();
            (p.clip(0.0, 1.0) * last).ceil().greater(column(edges))
        } else {
            p.greater(column(self.thresholds.iter().map(|&threshold| threshold as f32).collect()))
        };
        Ok(above.cast(DType::F32))
    }

    fn shape(&self) -> Shape {
        let count = self.thresholds.len();
        let shape = if self.multi_label { Shape::new(&[count, 1]) } else { Shape::new(&[count]) };
        shape.unwrap_or(Shape::SCALAR)
    }

    pub(crate) fn true_positives(&self) -> Tensor {
        self.true_positives.value(&self.shape())
    }

    pub(crate) fn false_positives(&self) -> Tensor {
        self.false_positives.value(&self.shape())
    }

    pub(crate) fn true_negatives(&self) -> Tensor {
        self.true_negatives.value(&self.shape())
    }

    pub(crate) fn false_negatives(&self) -> Tensor {
        self.false_negatives.value(&self.shape())
    }

    /// A number for one threshold, else a number for each.
    pub(crate) fn shown(&self, values: Tensor) -> Tensor {
        if self.thresholds.len() == 1 { values.reshape(Shape::SCALAR) } else { values }
    }

    pub(crate) fn reset(&mut self) -> Result<()> {
        self.true_positives.reset()?;
        self.false_positives.reset()?;
        self.true_negatives.reset()?;
        self.false_negatives.reset()
    }

    /// An error unless the thresholds are from 0 to 1.
    pub(crate) fn check(&self, name: &str) -> Result<()> {
        match self.thresholds.iter().find(|t| !(0.0..=1.0).contains(*t) && **t != NEVER) {
            Some(wrong) => {
                let text = format!("a threshold is {wrong}, expected 0 to 1");
                Err(Error::new(ErrorKind::Value, text).operation(name.to_string()))
            }
            None => Ok(()),
        }
    }

    /// With only the best counting and no thresholds given, all of them mean yes.
    pub(crate) fn best(&mut self, count: usize) {
        self.top_k = Some(count);
        if self.thresholds == [0.5] {
            self.thresholds = vec![NEVER];
        }
    }
}
