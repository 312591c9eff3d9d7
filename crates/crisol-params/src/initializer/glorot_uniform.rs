//! `glorot_uniform`: even over `[-sqrt(6 / (fan_in + fan_out)), sqrt(6 / (fan_in + fan_out)))` (Glorot and Bengio, 2010).

use super::{Distribution, Initializer, Mode, VarianceScaling};
use crate::named::Config;
use crisol_tensor::random::Key;
use crisol_tensor::{DType, Result, Shape, Tensor};
use serde::{Deserialize, Serialize};

/// Random numbers, even over `[-sqrt(6 / (fan_in + fan_out)), sqrt(6 / (fan_in + fan_out)))`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GlorotUniform;

impl Initializer for GlorotUniform {
    fn initialize(&self, shape: Shape, dtype: DType, key: Key) -> Result<Tensor> {
        let scaling = VarianceScaling { scale: 1.0, mode: Mode::FanAverage, distribution: Distribution::Uniform };
        scaling.initialize(shape, dtype, key)
    }

    fn config(&self) -> Option<Config> {
        Config::of("glorot_uniform", self)
    }
}
