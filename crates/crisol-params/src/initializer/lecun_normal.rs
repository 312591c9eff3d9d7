//! `lecun_normal`: truncated normal with standard deviation `sqrt(1 / fan_in)` (LeCun et al., 1998).

use super::{Distribution, Initializer, Mode, VarianceScaling};
use crate::named::Config;
use crisol_tensor::random::Key;
use crisol_tensor::{DType, Result, Shape, Tensor};
use serde::{Deserialize, Serialize};

/// Random numbers, truncated normal with standard deviation `sqrt(1 / fan_in)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LecunNormal;

impl Initializer for LecunNormal {
    fn initialize(&self, shape: Shape, dtype: DType, key: Key) -> Result<Tensor> {
        let scaling = VarianceScaling { scale: 1.0, mode: Mode::FanIn, distribution: Distribution::TruncatedNormal };
        scaling.initialize(shape, dtype, key)
    }

    fn config(&self) -> Option<Config> {
        Config::of("lecun_normal", self)
    }
}
