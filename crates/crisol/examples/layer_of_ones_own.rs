//! A layer of one's own, `x^2 a + x b + c`: used in a model, and tested.
//!
//! `cargo run --example layer_of_ones_own` learns a parabola; `cargo test --example layer_of_ones_own` draws inputs of many shapes and
//! checks shapes, gradients, randomness, states, saving and precision of the layer.

use crisol::ndarray::Array2;
use crisol::prelude::*;

/// `x^2 a + x b + c`, for the last axis of `x`.
#[derive(Clone, Debug)]
struct Quadratic {
    units: usize,
}

impl Layer for Quadratic {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> crisol::Result<Tensor> {
        let d = x.dim(-1)?; // known only now: nothing to declare before
        let a = cx.weight("a", [d, self.units], RandomNormal::default());
        let b = cx.weight("b", [d, self.units], RandomNormal::default());
        let c = cx.weight("c", [self.units], Zeros);
        Ok(x.square().matmul(&a) + x.matmul(&b) + c)
    }
}

fn main() -> crisol::Result<()> {
    let x = Array2::from_shape_fn((256, 1), |(row, _)| row as f32 / 64.0 - 2.0);
    let y = x.mapv(|x| 3.0 * x * x - x + 0.5);
    let mut model = Sequential::new((Quadratic { units: 1 },));
    model.compile(Compile::new().optimizer(Adam::new(0.1)).loss("mse"))?;
    model.fit((&x, &y), Fit::epochs(40).verbose(Verbose::Silent))?;
    println!("{}", model.evaluate((&x, &y))?);
    for weight in model.trainable_weights()? {
        println!("{:12} {}", weight.path(), weight.variable().value());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crisol::testing::proptest::prelude::*;
    use crisol::testing::{check_layer, shape, tensor};

    proptest! {
        #[test]
        fn my_layer_has_the_right_gradient(x in tensor(shape(1..4, 1..7), -2.0..2.0)) {
            check_layer(&Quadratic { units: 3 }, &x).gradients()?;
        }

        #[test]
        fn my_layer_is_right_in_all_else(x in tensor(shape(1..4, 1..7), -2.0..2.0)) {
            check_layer(&Quadratic { units: 3 }, &x).all()?;
        }
    }

    #[test]
    fn the_program_runs() {
        main().unwrap();
    }
}
