//! `PReLU`: a slope below 0 that is learned.

use crate::layer::Layer;
use crate::scope::Scope;
use crate::settings::weight_methods;
use crate::window::expect_float;
use crisol_params::WeightSettings;
use crisol_params::Zeros;
use crisol_tensor::{Error, ErrorKind, Result, Tensor};
use serde::{Deserialize, Serialize};

/// `x` where it is positive, else `alpha * x`, where `alpha` is a weight of the shape of a sample, with size 1 along shared axes (He and others,
/// 2015).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PReLU {
    shared_axes: Vec<usize>,
    alpha: WeightSettings,
}

impl PReLU {
    /// The layer, with Keras' defaults.
    pub fn new() -> PReLU {
        PReLU { shared_axes: Vec::new(), alpha: WeightSettings::new(Zeros) }
    }

    /// The axes, counted from 1, along which one slope serves; none by default.
    #[must_use]
    pub fn shared_axes(mut self, shared_axes: impl Into<Vec<usize>>) -> PReLU {
        self.shared_axes = shared_axes.into();
        self
    }
}

weight_methods!(PReLU, alpha: alpha_initializer alpha_regularizer alpha_constraint);

impl Default for PReLU {
    fn default() -> PReLU {
        PReLU::new()
    }
}

impl Layer for PReLU {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        expect_float("p_re_lu", x)?;
        let shape = x.shape()?;
        let mut sizes = shape.get(1..).unwrap_or_default().to_vec();
        for &axis in &self.shared_axes {
            let Some(size) = axis.checked_sub(1).and_then(|place| sizes.get_mut(place)) else {
                let text = format!("shared axis {axis} of {shape}: expected 1 to {}", shape.rank().saturating_sub(1));
                return Err(Error::new(ErrorKind::Axis, text).operation("p_re_lu"));
            };
            *size = 1;
        }
        let alpha = cx.weight_with("alpha", sizes.as_slice(), &self.alpha);
        Ok(x.relu() - alpha * (-x).relu())
    }

    fn passes_mask(&self) -> bool {
        true
    }

    fn config(&self) -> Result<serde_json::Value> {
        crate::config::of(self)
    }
}
