//! `GroupNormalization`: groups of channels with mean 0 and variance 1.

use crate::layer::Layer;
use crate::scope::Scope;
use crate::settings::weight_methods;
use crate::window::expect_float;
use crisol_params::WeightSettings;
use crisol_params::{Ones, Zeros};
use crisol_tensor::{Error, ErrorKind, Result, Tensor};
use serde::{Deserialize, Serialize};

/// The channels of each sample are cut in groups, and each group has mean 0 and variance 1 over all places; then `gamma` multiplies and `beta` is
/// added (Wu and He, 2018). As many groups as channels is instance normalization.
///
/// Weights: `gamma`, `beta`, of the size of the axis.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GroupNormalization {
    groups: Option<usize>,
    axis: isize,
    epsilon: f64,
    center: bool,
    scale: bool,
    gamma: WeightSettings,
    beta: WeightSettings,
}

impl GroupNormalization {
    /// The layer, with Keras' defaults.
    pub fn new() -> GroupNormalization {
        GroupNormalization {
            groups: Some(32),
            axis: -1,
            epsilon: 1e-3,
            center: true,
            scale: true,
            gamma: WeightSettings::new(Ones),
            beta: WeightSettings::new(Zeros),
        }
    }

    /// As many groups as channels: instance normalization, Keras' `groups=-1`.
    pub fn instance() -> GroupNormalization {
        GroupNormalization { groups: None, ..GroupNormalization::new() }
    }

    /// The number of groups; 32 by default.
    #[must_use]
    pub fn groups(mut self, groups: usize) -> GroupNormalization {
        self.groups = Some(groups);
        self
    }

    /// The axis of the channels; the last by default.
    #[must_use]
    pub fn axis(mut self, axis: isize) -> GroupNormalization {
        self.axis = axis;
        self
    }

    /// What is added to the variance; 0.001 by default.
    #[must_use]
    pub fn epsilon(mut self, epsilon: f64) -> GroupNormalization {
        self.epsilon = epsilon;
        self
    }

    /// Whether `beta` is added; by default it is.
    #[must_use]
    pub fn center(mut self, center: bool) -> GroupNormalization {
        self.center = center;
        self
    }

    /// Whether `gamma` multiplies; by default it does.
    #[must_use]
    pub fn scale(mut self, scale: bool) -> GroupNormalization {
        self.scale = scale;
        self
    }
}

weight_methods!(GroupNormalization, gamma: gamma_initializer gamma_regularizer gamma_constraint);
weight_methods!(GroupNormalization, beta: beta_initializer beta_regularizer beta_constraint);

impl Default for GroupNormalization {
    fn default() -> GroupNormalization {
        GroupNormalization::new()
    }
}

impl Layer for GroupNormalization {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        expect_float("group_normalization", x)?;
        let shape = x.shape()?;
        let axis = shape.axis(self.axis)?;
        let size = shape[axis];
        let groups = self.groups.unwrap_or(size);
        if axis == 0 || groups == 0 || !size.is_multiple_of(groups) {
            let text = format!("expected groups that divide the {size} channels of axis {axis}, found {groups}");
            return Err(Error::new(ErrorKind::Value, text).operation("group_normalization"));
        }
        let mut grouped = shape.to_vec();
        grouped.splice(axis..=axis, [groups, size / groups]);
        let broadcast: Vec<usize> = (0..shape.rank()).map(|at| if at == axis { size } else { 1 }).collect();
        let axes: Vec<isize> = (1..grouped.len()).filter(|&at| at != axis).map(|at| at as isize).collect();
        let parts = x.reshape(&grouped);
        let (mean, variance) = (parts.mean_keep(axes.as_slice()), parts.var_keep(axes.as_slice()));
        let mut y = ((parts - mean) * (variance + self.epsilon).rsqrt()).reshape(shape);
        if self.scale {
            y = y * cx.weight_with("gamma", [size], &self.gamma).reshape(&broadcast);
        }
        if self.center {
            y = y + cx.weight_with("beta", [size], &self.beta).reshape(&broadcast);
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
