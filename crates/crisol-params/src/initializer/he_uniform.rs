//! `he_uniform`: even over `[-sqrt(6 / fan_in), sqrt(6 / fan_in))` (He et al., 2015).

use super::{Distribution, Initializer, Mode, VarianceScaling};
use crate::named::Config;
use crisol_tensor::random::Key;
use crisol_tensor::{DType, Result, Shape, Tensor};
use serde::{Deserialize, Serialize};

/// Random numbers, even over `[-sqrt(6 / fan_in), sqrt(6 / fan_in))`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HeUniform;

impl Initializer for HeUniform {
    fn initialize(&self, shape: Shape, dtype: DType, key: Key) -> Result<Tensor> {
        let scaling = VarianceScaling { scale: 2.0, mode: Mode::FanIn, distribution: Distribution::Uniform };
        scaling.initialize(shape, dtype, key)
    }

    fn config(&self) -> Option<Config> {
        Config::of("he_uniform", self)
    }
}
