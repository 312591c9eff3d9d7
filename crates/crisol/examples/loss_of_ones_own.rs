//! Losses of one's own: a function, a type with settings, and one that a layer adds.

use crisol::losses::weighted_cross_entropy_with_logits;
use crisol::ndarray::{Array2, arr2};
use crisol::prelude::*;

#[derive(Debug)]
struct WeightedBinaryCrossentropy {
    pos_weight: f64,
    weight: f64,
    from_logits: bool,
}

impl Loss for WeightedBinaryCrossentropy {
    fn name(&self) -> &str {
        "weighted_binary_crossentropy"
    }

    fn values(&self, y: &Tensor, p: &Tensor) -> crisol::Result<Tensor> {
        if self.from_logits {
            return Ok(weighted_cross_entropy_with_logits(y, p, self.pos_weight).mean(-1) * self.weight);
        }
        let x_1 = y * self.pos_weight * -(p + 1e-6).log();
        let x_2 = (1.0 - y) * -(1.0 - p + 1e-6).log();
        Ok((x_1 + x_2).mean(-1) * self.weight)
    }
}

#[derive(Debug)]
struct ActivityRegularizationLayer;

impl Layer for ActivityRegularizationLayer {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> crisol::Result<Tensor> {
        cx.add_loss(x.sum_all() * 0.1);
        Ok(x.clone())
    }
}

/// Compiles a model with each, and compares both branches of the type.
pub fn main() -> crisol::Result<()> {
    let (x, y) = (Array2::<f32>::ones((8, 2)), Array2::<f32>::ones((8, 1)));
    let mut model = Sequential::new((ActivityRegularizationLayer, Dense::new(1).activation("sigmoid")));
    let difference = loss_fn("basic_loss_function", |y, p| (y - p).mean_all());
    model.compile(Compile::new().optimizer(Adam::default()).loss(difference))?;
    let mean = f64::from(model.predict(&x)?.mean().unwrap_or(f32::NAN));
    let loss = model.evaluate((&x, &y))?.get("loss");
    assert!(loss.is_some_and(|loss| (loss - (1.0 - mean + 1.6)).abs() < 1e-5), "{loss:?}"); // 16 * 0.1 by the layer

    let weighted = WeightedBinaryCrossentropy { pos_weight: 0.5, weight: 2.0, from_logits: false };
    model.compile(Compile::new().optimizer(Adam::default()).loss(weighted))?;
    model.fit((&x, &y), Fit::epochs(1))?;

    let y = Tensor::from(arr2(&[[1.0f32], [0.0]]));
    for (from_logits, p) in [(false, [[0.8f32], [0.4]]), (true, [[4f32.ln()], [(2f32 / 3.0).ln()]])] {
        let loss = WeightedBinaryCrossentropy { pos_weight: 0.5, weight: 2.0, from_logits };
        let value = loss.call(&y, &Tensor::from(arr2(&p)), None)?.item()?;
        assert!((value + 0.5 * 0.8f64.ln() + 0.6f64.ln()).abs() < 1e-5, "{value}");
    }
    Ok(())
}
