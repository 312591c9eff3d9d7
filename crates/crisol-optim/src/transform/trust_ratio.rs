//! Updates in proportion to the parameter they change.

use super::{Step, Transform};
use crisol_tensor::Tensor;

/// `update * |w| / |update|` over the whole parameter, and the update as it is where one of the two is 0 (You et al., 2019).
#[derive(Clone, Debug, Default)]
pub struct ScaleByTrustRatio;

impl Transform for ScaleByTrustRatio {
    fn apply(&self, step: &Step, update: Tensor, _: &mut [Tensor]) -> Tensor {
        let norm = |x: &Tensor| x.square().sum_all().sqrt();
        let (weight, length) = (norm(step.parameter), norm(&update));
        let sound = weight.greater(0.0).logical_and(&length.greater(0.0));
        update * sound.select(weight / length, 1.0)
    }
}
