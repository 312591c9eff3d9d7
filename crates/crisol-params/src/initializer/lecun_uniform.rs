//! `lecun_uniform`: even over `[-sqrt(3 / fan_in), sqrt(3 / fan_in))` (LeCun et al., 1998).

use super::{Distribution, Initializer, Mode, VarianceScaling};
use crate::named::Config;
use crisol_tensor::random::Key;
use crisol_tensor::{DType, Result, Shape, Tensor};
use serde::{Deserialize, Serialize};

/// Random numbers, even over `[-sqrt(3 / fan_in), sqrt(3 / fan_in))`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LecunUniform;

impl Initializer for LecunUniform {
    fn initialize(&self, shape: Shape, dtype: DType, key: Key) -> Result<Tensor> {
        let scaling = VarianceScaling { scale: 1.0, mode: Mode::FanIn, distribution: Distribution::Uniform };
        scaling.initialize(shape, dtype, key)
    }

    fn config(&self) -> Option<Config> {
        Config::of("lecun_uniform", self)
    }
}
