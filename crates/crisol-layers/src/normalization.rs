//! `Normalization`: each feature with mean 0 and variance 1, as learned from data once.

use crate::layer::Layer;
use crate::scope::Scope;
use crisol_tensor::ndarray::{ArrayBase, Data, Dimension};
use crisol_tensor::{Error, ErrorKind, Result, Tensor};
use serde::{Deserialize, Serialize};

/// The smallest standard deviation divided by.
const SMALLEST: f64 = 1e-7;

/// `(x - mean) / max(sqrt(variance), 1e-7)` for each feature of the last axis.
///
/// Mean and variance are given, or learned from data with [`Normalization::adapt`]; they are no weights.
///
/// ```
/// use crisol_layers::{Inference, LayerExt, Normalization};
/// use crisol_tensor::{Tensor, ndarray::arr2};
/// let data = arr2(&[[1.0f32, 10.0], [3.0, 30.0]]);
/// let layer = Normalization::new().adapt(&data)?.build([2])?;
/// let y = layer.call(&Tensor::from(data), Inference)?;
/// assert_eq!(y.to_vec::<f32>()?, [-1.0, -1.0, 1.0, 1.0]);
/// # Ok::<(), crisol_tensor::Error>(())
/// ```
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Normalization {
    invert: bool,
    known: Option<Known>,
}

/// Numbers of each feature.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Known {
    mean: Vec<f64>,
    deviation: Vec<f64>,
}

impl Normalization {
    /// A layer that has to be adapted, or given mean and variance.
    pub fn new() -> Normalization {
        Normalization::default()
    }

    /// Whether the layer does the opposite, `x * max(sqrt(variance), 1e-7) + mean`.
    #[must_use]
    pub fn invert(mut self, invert: bool) -> Normalization {
        self.invert = invert;
        self
    }

    /// Gives mean and variance of each feature.
    ///
    /// # Errors
    /// No features, numbers of different length, or a variance below 0.
    pub fn with(mut self, mean: &[f64], variance: &[f64]) -> Result<Normalization> {
        let valid = |variance: &f64| *variance >= 0.0;
        if mean.is_empty() || mean.len() != variance.len() || !variance.iter().all(valid) {
            let text =
                format!("expected a mean and a variance of at least 0 a feature, found {mean:?} and {variance:?}");
            return Err(Error::new(ErrorKind::Value, text).operation("normalization"));
        }
        let deviation = variance.iter().map(|variance| variance.sqrt().max(SMALLEST)).collect();
        self.known = Some(Known { mean: mean.to_vec(), deviation });
        Ok(self)
    }

    /// Learns mean and variance of each feature, the last axis, from data.
    ///
    /// # Errors
    /// An array without axes or without elements.
    pub fn adapt<A, S, D>(self, data: &ArrayBase<S, D>) -> Result<Normalization>
    where
        A: Copy + Into<f64>,
        S: Data<Elem = A>,
        D: Dimension,
    {
        let features = data.shape().last().copied().unwrap_or(0);
        if data.is_empty() {
            let text = format!("cannot adapt to an array of shape {:?}", data.shape());
            return Err(Error::new(ErrorKind::Value, text).operation("normalization"));
        }
        let count = (data.len() / features) as f64;
        // In logical order the features take turns, whatever the layout in memory.
        let mut mean = vec![0.0; features];
        for (place, number) in data.iter().enumerate() {
            mean[place % features] += (*number).into();
        }
        mean.iter_mut().for_each(|sum| *sum /= count);
        let mut variance = vec![0.0; features];
        for (place, number) in data.iter().enumerate() {
            let distance: f64 = (*number).into() - mean[place % features];
            variance[place % features] += distance * distance;
        }
        variance.iter_mut().for_each(|sum| *sum /= count);
        self.with(&mean, &variance)
    }
}

impl Layer for Normalization {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        let Some(Known { mean, deviation }) = &self.known else {
            let error = Error::new(ErrorKind::State, "mean and variance are not known").operation("normalization");
            return Err(error.help("call adapt with the training data first"));
        };
        let features = mean.len();
        if x.rank()? < 2 || x.dim(-1)? != features {
            let text = format!("expected [batch, .., {features}], found {}", x.shape()?);
            return Err(Error::new(ErrorKind::Shape, text).operation("normalization"));
        }
        let dtype = cx.dtype();
        let [mean, deviation] = [mean, deviation].map(|numbers| Tensor::from_slice(numbers, [features]).cast(dtype));
        let x = x.cast(dtype);
        Ok(if self.invert { x * deviation + mean } else { (x - mean) / deviation })
    }

    fn config(&self) -> Result<serde_json::Value> {
        crate::config::of(self)
    }
}
