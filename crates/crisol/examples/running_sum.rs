//! A layer that adds up all it has seen, in a state that is not trained.

use crisol::prelude::*;

// [customisation-07]
#[derive(Debug)]
struct ComputeSum {
    input_dim: usize,
}

impl Layer for ComputeSum {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> crisol::Result<Tensor> {
        let total = cx.state("total", [self.input_dim], Zeros);
        total.assign_add(x.sum(0));
        Ok(total.value())
    }
}
// [end]

/// Calls it twice.
pub fn main() -> crisol::Result<()> {
    let sum = ComputeSum { input_dim: 2 }.build([2])?;
    assert_eq!(sum.call(&Tensor::ones([2, 2]), Inference)?.to_vec::<f32>()?, [2.0, 2.0]);
    assert_eq!(sum.call(&Tensor::ones([2, 2]), Inference)?.to_vec::<f32>()?, [4.0, 4.0]);
    assert_eq!((sum.trainable_weights()?.len(), sum.weights()?.len()), (0, 1));
    Ok(())
}
