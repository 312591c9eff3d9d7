//! A step of one's own for `evaluate`, of a model that is compiled without an optimizer.

use crisol::prelude::*;

// [fit-07]
struct CustomModel;

impl TrainStep for CustomModel {
    fn test_step(&mut self, model: &mut Model, data: &Data) -> crisol::Result<Results> {
        let y_pred = model.call(data.x(), Inference)?;
        model.compiled_loss(data.y()?, &y_pred, None)?;
        model.update_metrics(data.y()?, &y_pred, None)?;
        Ok(model.results())
    }
}
// [end]

/// Evaluates with it, and with the built-in one.
pub fn main() -> crisol::Result<()> {
    // [fit-07]
    let inputs = Input::new([32]);
    let outputs = Dense::new(1).on(&inputs);
    let mut model = Trainer::of(Model::new(&inputs, &outputs)?, CustomModel);
    model.compile(Compile::new().loss("mse").metric("mae"))?;
    let uniform = |columns| Tensor::random_uniform([1000, columns], 0.0, 1.0, random::next_key()).to_array::<f32>();
    let (x, y) = (uniform(32)?, uniform(1)?);
    let logs = model.evaluate((&x, &y))?;
    // [end]
    let built_in: &mut Model = &mut model;
    assert_eq!(logs, built_in.evaluate((&x, &y))?);
    Ok(())
}
