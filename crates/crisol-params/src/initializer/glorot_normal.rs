//! `glorot_normal`: truncated normal with standard deviation `sqrt(2 / (fan_in + fan_out))` (Glorot and Bengio, 2010).

use super::{Distribution, Initializer, Mode, VarianceScaling};
use crate::named::Config;
use crisol_tensor::random::Key;
use crisol_tensor::{DType, Result, Shape, Tensor};
use serde::{Deserialize, Serialize};

/// Random numbers, truncated normal with standard deviation `sqrt(2 / (fan_in + fan_out))`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GlorotNormal;

impl Initializer for GlorotNormal {
    fn initialize(&self, shape: Shape, dtype: DType, key: Key) -> Result<Tensor> {
        let scaling =
            VarianceScaling { scale: 1.0, mode: Mode::FanAverage, distribution: Distribution::TruncatedNormal };
        scaling.initialize(shape, dtype, key)
    }

    fn config(&self) -> Option<Config> {
        Config::of("glorot_normal", self)
    }
}
