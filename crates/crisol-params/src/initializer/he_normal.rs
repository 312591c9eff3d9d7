//! `he_normal`: truncated normal with standard deviation `sqrt(2 / fan_in)` (He et al., 2015).

use super::{Distribution, Initializer, Mode, VarianceScaling};
use crate::named::Config;
use crisol_tensor::random::Key;
use crisol_tensor::{DType, Result, Shape, Tensor};
use serde::{Deserialize, Serialize};

/// Random numbers, truncated normal with standard deviation `sqrt(2 / fan_in)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HeNormal;

impl Initializer for HeNormal {
    fn initialize(&self, shape: Shape, dtype: DType, key: Key) -> Result<Tensor> {
        let scaling = VarianceScaling { scale: 2.0, mode: Mode::FanIn, distribution: Distribution::TruncatedNormal };
        scaling.initialize(shape, dtype, key)
    }

    fn config(&self) -> Option<Config> {
        Config::of("he_normal", self)
    }
}
