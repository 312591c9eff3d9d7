//! A training step of one's own inside `fit`, with the loss and the metrics of `compile`, and with sample weights.

use crisol::prelude::*;

// [fit-03]
struct CustomModel;

impl TrainStep for CustomModel {
    fn train_step(&mut self, model: &mut Model, data: &Data) -> crisol::Result<Results> {
        let tape = GradientTape::new();
        let y_pred = model.call(data.x(), Training)?;
        let loss = model.compiled_loss(data.y()?, &y_pred, data.sample_weight())?;
        model.apply(tape.gradient(&loss, model.trainable_weights()?)?)?;
        model.update_metrics(data.y()?, &y_pred, data.sample_weight())?;
        Ok(model.results())
    }
}
// [end]

/// Trains with and without weights.
pub fn main() -> crisol::Result<()> {
    // [fit-04]
    let inputs = Input::new([32]);
    let outputs = Dense::new(1).on(&inputs);
    let mut model = Trainer::of(Model::new(&inputs, &outputs)?, CustomModel);
    model.compile(Compile::new().optimizer("adam").loss("mse").metric("mae"))?;
    let uniform = |columns| Tensor::random_uniform([1000, columns], 0.0, 1.0, random::next_key()).to_array::<f32>();
    let (x, y) = (uniform(32)?, uniform(1)?);
    let history = model.fit((&x, &y), Fit::epochs(3))?;
    // [end]
    assert_eq!(history.names(), ["loss", "mae"]);
    assert!(model.summary()?.contains("dense") && model.predict(&x)?.shape() == [1000, 1]);
    Ok(())
}
