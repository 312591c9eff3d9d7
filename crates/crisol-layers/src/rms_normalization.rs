//! `RMSNormalization`: each sample of length 1, on average.

use crate::layer::Layer;
use crate::scope::Scope;
use crate::settings::weight_methods;
use crate::window::expect_float;
use crisol_params::Ones;
use crisol_params::WeightSettings;
use crisol_tensor::{Result, Tensor};
use serde::{Deserialize, Serialize};

/// `scale * x / sqrt(mean(x^2) + epsilon)` over the given axes of each sample (Zhang and Sennrich, 2019).
///
/// Weight: `scale`, of the sizes of the axes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RMSNormalization {
    axis: Vec<isize>,
    epsilon: f64,
    scale: WeightSettings,
}

impl RMSNormalization {
    /// The layer, with Keras' defaults.
    pub fn new() -> RMSNormalization {
        RMSNormalization { axis: vec![-1], epsilon: 1e-6, scale: WeightSettings::new(Ones) }
    }

    /// The axes that are normalized together; the last by default.
    #[must_use]
    pub fn axis(mut self, axis: impl Into<Vec<isize>>) -> RMSNormalization {
        self.axis = axis.into();
        self
    }

    /// What is added to the mean square; 0.000001 by default.
    #[must_use]
    pub fn epsilon(mut self, epsilon: f64) -> RMSNormalization {
        self.epsilon = epsilon;
        self
    }
}

weight_methods!(RMSNormalization, scale: scale_initializer scale_regularizer scale_constraint);

impl Default for RMSNormalization {
    fn default() -> RMSNormalization {
        RMSNormalization::new()
    }
}

impl Layer for RMSNormalization {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        expect_float("rms_normalization", x)?;
        let shape = x.shape()?;
        let mut axes = self.axis.iter().map(|&axis| shape.axis(axis)).collect::<Result<Vec<usize>>>()?;
        axes.sort_unstable();
        let sizes: Vec<usize> = axes.iter().map(|&axis| shape[axis]).collect();
        let broadcast: Vec<usize> =
            (0..shape.rank()).map(|at| if axes.contains(&at) { shape[at] } else { 1 }).collect();
        let axes: Vec<isize> = axes.into_iter().map(|axis| axis as isize).collect();
        let scale = cx.weight_with("scale", sizes.as_slice(), &self.scale).reshape(&broadcast);
        Ok(x * (x.square().mean_keep(axes.as_slice()) + self.epsilon).rsqrt() * scale)
    }

    fn passes_mask(&self) -> bool {
        true
    }

    fn config(&self) -> Result<serde_json::Value> {
        crate::config::of(self)
    }
}
