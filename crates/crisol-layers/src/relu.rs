//! `ReLU`: nothing below a threshold.

use crate::layer::Layer;
use crate::scope::Scope;
use crate::window::expect_float;
use crisol_tensor::{Result, Tensor};
use serde::{Deserialize, Serialize};

/// `min(max(x, 0), max_value)`; with a slope, numbers below the threshold `t` give `slope * (x - t)`; with a threshold, those between 0 and it give 0.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReLU {
    max_value: Option<f64>,
    negative_slope: f64,
    threshold: f64,
}

impl ReLU {
    /// The layer, with Keras' defaults.
    pub fn new() -> ReLU {
        ReLU { max_value: None, negative_slope: 0.0, threshold: 0.0 }
    }

    /// The largest output; none by default.
    #[must_use]
    pub fn max_value(mut self, max_value: f64) -> ReLU {
        self.max_value = Some(max_value);
        self
    }

    /// The slope below the threshold; 0 by default.
    #[must_use]
    pub fn negative_slope(mut self, negative_slope: f64) -> ReLU {
        self.negative_slope = negative_slope;
        self
    }

    /// Where the output begins to be the input; 0 by default.
    #[must_use]
    pub fn threshold(mut self, threshold: f64) -> ReLU {
        self.threshold = threshold;
        self
    }
}

impl Default for ReLU {
    fn default() -> ReLU {
        ReLU::new()
    }
}

impl Layer for ReLU {
    fn call(&self, _cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        expect_float("re_lu", x)?;
        let mut y = match self.threshold != 0.0 {
            true => x.greater(self.threshold).select(x, 0),
            false => x.relu(),
        };
        if let Some(max_value) = self.max_value {
            y = y.clip(0, max_value);
        }
        if self.negative_slope != 0.0 {
            y = y - (-x + self.threshold).relu() * self.negative_slope;
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
