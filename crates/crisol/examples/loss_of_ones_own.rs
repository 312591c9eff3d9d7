//! Losses of one's own: a function, a type with settings, and one that a layer adds.

use crisol::losses::weighted_cross_entropy_with_logits;
use crisol::ndarray::{Array2, arr2};
use crisol::prelude::*;

// [customisation-29]
#[derive(Debug)]
struct WeightedBinaryCrossentropy {
    pos_weight: f64,
    weight: f64,
    from_logits: bool,
}

impl WeightedBinaryCrossentropy {
    fn new(pos_weight: f64, weight: f64) -> WeightedBinaryCrossentropy {
        WeightedBinaryCrossentropy { pos_weight, weight, from_logits: false }
    }
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
// [end]

// [customisation-31]
#[derive(Debug)]
struct ActivityRegularizationLayer;

impl Layer for ActivityRegularizationLayer {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> crisol::Result<Tensor> {
        cx.add_loss(x.sum_all() * 0.1);
        Ok(x.clone())
    }
}
// [end]

// [customisation-27]
fn basic_loss_function(y_true: &Tensor, y_pred: &Tensor) -> Tensor {
    (y_true - y_pred).mean_all()
}
// [end]

/// Compiles a model with each, and compares both branches of the type.
pub fn main() -> crisol::Result<()> {
    let (x, y) = (Array2::<f32>::ones((8, 2)), Array2::<f32>::ones((8, 1)));
    let mut model = Sequential::new((ActivityRegularizationLayer, Dense::new(1).activation("sigmoid")));
    // [customisation-28]
    model.compile(Compile::new().optimizer(Adam::default()).loss(loss_fn("basic", basic_loss_function)))?;
    // [end]
    let mean = f64::from(model.predict(&x)?.mean().unwrap_or(f32::NAN));
    let loss = model.evaluate((&x, &y))?.get("loss");
    assert!(loss.is_some_and(|loss| (loss - (1.0 - mean + 1.6)).abs() < 1e-5), "{loss:?}"); // 16 * 0.1 by the layer

    // [customisation-30]
    model.compile(Compile::new().optimizer(Adam::default()).loss(WeightedBinaryCrossentropy::new(0.5, 2.0)))?;
    // [end]
    model.fit((&x, &y), Fit::epochs(1))?;

    let y = Tensor::from(arr2(&[[1.0f32], [0.0]]));
    for (from_logits, p) in [(false, [[0.8f32], [0.4]]), (true, [[4f32.ln()], [(2f32 / 3.0).ln()]])] {
        let loss = WeightedBinaryCrossentropy { from_logits, ..WeightedBinaryCrossentropy::new(0.5, 2.0) };
        let value = loss.call(&y, &Tensor::from(arr2(&p)), None)?.item()?;
        assert!((value + 0.5 * 0.8f64.ln() + 0.6f64.ln()).abs() < 1e-5, "{value}");
    }
    Ok(())
}
