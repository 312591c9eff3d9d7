//! `LayerNormalization`: each sample with mean 0 and variance 1.

use crate::layer::Layer;
use crate::scope::Scope;
use crate::settings::weight_methods;
use crate::window::expect_float;
use crisol_params::WeightSettings;
use crisol_params::{Ones, Zeros};
use crisol_tensor::{Result, Tensor};
use serde::{Deserialize, Serialize};

/// `gamma * (x - mean) / sqrt(variance + epsilon) + beta`, with mean and variance over the given axes of each sample (Ba, Kiros and Hinton,
/// 2016).
///
/// Weights: `gamma`, `beta`, of the sizes of the axes.
/// ```
/// use crisol_layers::{Inference, LayerExt, LayerNormalization};
/// use crisol_tensor::Tensor;
/// let layer = LayerNormalization::new().epsilon(0.0).build([2])?;
/// let y = layer.call(&Tensor::from_slice(&[1.0f32, 3.0], [1, 2]), Inference)?;
/// assert_eq!(y.to_vec::<f32>()?, [-1.0, 1.0]);
/// # Ok::<(), crisol_tensor::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LayerNormalization {
    axis: Vec<isize>,
    epsilon: f64,
    center: bool,
    scale: bool,
    gamma: WeightSettings,
    beta: WeightSettings,
}

impl LayerNormalization {
    /// The layer, with Keras' defaults.
    pub fn new() -> LayerNormalization {
        LayerNormalization {
            axis: vec![-1],
            epsilon: 1e-3,
            center: true,
            scale: true,
            gamma: WeightSettings::new(Ones),
            beta: WeightSettings::new(Zeros),
        }
    }

    /// The axes that are normalized together; the last by default.
    #[must_use]
    pub fn axis(mut self, axis: impl Into<Vec<isize>>) -> LayerNormalization {
        self.axis = axis.into();
        self
    }

    /// What is added to the variance; 0.001 by default.
    #[must_use]
    pub fn epsilon(mut self, epsilon: f64) -> LayerNormalization {
        self.epsilon = epsilon;
        self
    }

    /// Whether `beta` is added; by default it is.
    #[must_use]
    pub fn center(mut self, center: bool) -> LayerNormalization {
        self.center = center;
        self
    }

    /// Whether `gamma` multiplies; by default it does.
    #[must_use]
    pub fn scale(mut self, scale: bool) -> LayerNormalization {
        self.scale = scale;
        self
    }
}

weight_methods!(LayerNormalization, gamma: gamma_initializer gamma_regularizer gamma_constraint);
weight_methods!(LayerNormalization, beta: beta_initializer beta_regularizer beta_constraint);

impl Default for LayerNormalization {
    fn default() -> LayerNormalization {
        LayerNormalization::new()
    }
}

impl Layer for LayerNormalization {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        expect_float("layer_normalization", x)?;
        let shape = x.shape()?;
        let mut axes = self.axis.iter().map(|&axis| shape.axis(axis)).collect::<Result<Vec<usize>>>()?;
        axes.sort_unstable();
        let sizes: Vec<usize> = axes.iter().map(|&axis| shape[axis]).collect();
        let broadcast: Vec<usize> =
            (0..shape.rank()).map(|at| if axes.contains(&at) { shape[at] } else { 1 }).collect();
        let axes: Vec<isize> = axes.into_iter().map(|axis| axis as isize).collect();
        let mut y = (x - x.mean_keep(axes.as_slice())) * (x.var_keep(axes.as_slice()) + self.epsilon).rsqrt();
        if self.scale {
            y = y * cx.weight_with("gamma", sizes.as_slice(), &self.gamma).reshape(&broadcast);
        }
        if self.center {
            y = y + cx.weight_with("beta", sizes.as_slice(), &self.beta).reshape(&broadcast);
        }
        Ok(y)
    }

    fn passes_mask(&self) -> bool {
        true
    }

    fn config(&self) -> Result<serde_json::Value> {
        crate::config::of(self)
    }
}
