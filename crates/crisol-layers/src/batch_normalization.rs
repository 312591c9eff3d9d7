//! `BatchNormalization`: each feature with mean 0 and variance 1 within a batch.

use crate::layer::Layer;
use crate::scope::Scope;
use crate::settings::weight_methods;
use crate::window::expect_float;
use crisol_params::WeightSettings;
use crisol_params::{Ones, Zeros};
use crisol_tensor::{Result, Tensor};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// `gamma * (x - mean) / sqrt(variance + epsilon) + beta` for each feature of an axis. In training, mean and variance are those of the batch (of
/// the steps that count), and running ones follow them: `moving = moving * momentum + batch * (1 - momentum)`; in inference, and in a frozen
/// layer, the running ones are used (Ioffe and Szegedy, 2015).
///
/// Weights: `gamma`, `beta`; states: `moving_mean`, `moving_variance`; each has the size of the axis.
/// ```
/// use crisol_layers::{BatchNormalization, LayerExt, Training};
/// use crisol_tensor::Tensor;
/// let layer = BatchNormalization::new().build([1])?;
/// let y = layer.call(&Tensor::from_slice(&[1.0f32, 3.0], [2, 1]), Training)?.to_vec::<f32>()?;
/// assert!((y[0] + 1.0).abs() < 1e-3 && (y[1] - 1.0).abs() < 1e-3);
/// # Ok::<(), crisol_tensor::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BatchNormalization {
    axis: isize,
    momentum: f64,
    epsilon: f64,
    center: bool,
    scale: bool,
    gamma: WeightSettings,
    beta: WeightSettings,
    moving_mean: WeightSettings,
    moving_variance: WeightSettings,
}

impl BatchNormalization {
    /// The layer, with Keras' defaults.
    pub fn new() -> BatchNormalization {
        BatchNormalization {
            axis: -1,
            momentum: 0.99,
            epsilon: 1e-3,
            center: true,
            scale: true,
            gamma: WeightSettings::new(Ones),
            beta: WeightSettings::new(Zeros),
            moving_mean: WeightSettings::new(Zeros),
            moving_variance: WeightSettings::new(Ones),
        }
    }

    /// The axis of the features; the last by default.
    #[must_use]
    pub fn axis(mut self, axis: isize) -> BatchNormalization {
        self.axis = axis;
        self
    }

    /// How much of the running numbers stays at each step; 0.99 by default.
    #[must_use]
    pub fn momentum(mut self, momentum: f64) -> BatchNormalization {
        self.momentum = momentum;
        self
    }

    /// What is added to the variance; 0.001 by default.
    #[must_use]
    pub fn epsilon(mut self, epsilon: f64) -> BatchNormalization {
        self.epsilon = epsilon;
        self
    }

    /// Whether `beta` is added; by default it is.
    #[must_use]
    pub fn center(mut self, center: bool) -> BatchNormalization {
        self.center = center;
        self
    }

    /// Whether `gamma` multiplies; by default it does.
    #[must_use]
    pub fn scale(mut self, scale: bool) -> BatchNormalization {
        self.scale = scale;
        self
    }
}

weight_methods!(BatchNormalization, gamma: gamma_initializer gamma_regularizer gamma_constraint);
weight_methods!(BatchNormalization, beta: beta_initializer beta_regularizer beta_constraint);
weight_methods!(BatchNormalization, moving_mean: moving_mean_initializer moving_mean_regularizer moving_mean_constraint);
weight_methods!(BatchNormalization, moving_variance: moving_variance_initializer moving_variance_regularizer moving_variance_constraint);

impl Default for BatchNormalization {
    fn default() -> BatchNormalization {
        BatchNormalization::new()
    }
}

impl Layer for BatchNormalization {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        expect_float("batch_normalization", x)?;
        let shape = x.shape()?;
        let axis = shape.axis(self.axis)?;
        let size = shape[axis];
        let broadcast: Vec<usize> = (0..shape.rank()).map(|at| if at == axis { size } else { 1 }).collect();
        let gamma = self.scale.then(|| cx.weight_with("gamma", [size], &self.gamma));
        let beta = self.center.then(|| cx.weight_with("beta", [size], &self.beta));
        let moving_mean = cx.state("moving_mean", [size], Arc::clone(&self.moving_mean.initializer));
        let moving_variance = cx.state("moving_variance", [size], Arc::clone(&self.moving_variance.initializer));
        let (mean, variance) = if cx.training() && !cx.is_frozen("moving_mean") {
            let axes: Vec<isize> = (0..shape.rank()).filter(|&at| at != axis).map(|at| at as isize).collect();
            let (mean, variance) = moments(x, &axes, cx.mask(x))?;
            for (moving, batch) in [(&moving_mean, &mean), (&moving_variance, &variance)] {
                moving.assign(moving.value() * self.momentum + batch.reshape([size]) * (1.0 - self.momentum));
            }
            (mean, variance)
        } else {
            (moving_mean.value().reshape(&broadcast), moving_variance.value().reshape(&broadcast))
        };
        let mut scale = (variance + self.epsilon).rsqrt();
        if let Some(gamma) = gamma {
            scale = scale * gamma.reshape(&broadcast);
        }
        let y = (x - mean) * scale;
        Ok(match beta {
            Some(beta) => y + beta.reshape(&broadcast),
            None => y,
        })
    }

    fn passes_mask(&self) -> bool {
        true
    }

    fn config(&self) -> Result<serde_json::Value> {
        crate::config::of(self)
    }
}

/// Mean and variance over axes, which stay with size 1; of the steps that a mask counts.
fn moments(x: &Tensor, axes: &[isize], mask: Option<Tensor>) -> Result<(Tensor, Tensor)> {
    /// What keeps a count of 0 from being divided by, as in Keras.
    const EPSILON: f64 = 1e-7;
    let Some(mask) = mask else { return Ok((x.mean_keep(axes), x.var_keep(axes))) };
    let counts = mask.expand_dims(-1).broadcast_to(x.shape()?).cast(x.dtype()?);
    let count = counts.sum_keep(axes) + EPSILON;
    let mean = (&counts * x).sum_keep(axes) / &count;
    let variance = (&counts * (x - &mean).square()).sum_keep(axes) / count;
    Ok((mean, variance))
}
