//! A training step that keeps its loss and its metrics itself: the model is compiled with an optimizer alone.

use crisol::losses::MeanSquaredError;
use crisol::prelude::*;

// [fit-05]
struct CustomModel {
    loss_tracker: Mean,
    mae_metric: metrics::MeanAbsoluteError,
}

impl TrainStep for CustomModel {
    fn train_step(&mut self, model: &mut Model, data: &Data) -> crisol::Result<Results> {
        let tape = GradientTape::new();
        let y_pred = model.call(data.x(), Training)?;
        let loss = MeanSquaredError::new().call(data.y()?, &y_pred, None)?;
        model.apply(tape.gradient(&loss, model.trainable_weights()?)?)?;
        self.loss_tracker.update(&loss, None)?;
        self.mae_metric.update(data.y()?, &y_pred, None)?;
        Ok(Results::new().with("loss", self.loss_tracker.result()?).with("mae", self.mae_metric.result()?))
    }

    fn reset_metrics(&mut self) -> crisol::Result<()> {
        self.loss_tracker.reset()?;
        self.mae_metric.reset()
    }
}
// [end]

/// Trains with it.
pub fn main() -> crisol::Result<()> {
    // [fit-05]
    let inputs = Input::new([32]);
    let outputs = Dense::new(1).on(&inputs);
    let step = CustomModel { loss_tracker: Mean::new("loss"), mae_metric: metrics::MeanAbsoluteError::new() };
    let mut model = Trainer::of(Model::new(&inputs, &outputs)?, step);
    model.compile(Compile::new().optimizer("adam"))?;
    let uniform = |columns| Tensor::random_uniform([1000, columns], 0.0, 1.0, random::next_key()).to_array::<f32>();
    let history = model.fit((&uniform(32)?, &uniform(1)?), Fit::epochs(5))?;
    // [end]
    assert_eq!((history.names(), history.epochs().len()), (vec!["loss", "mae"], 5));
    assert!(history.last("loss") < history.get("loss").first().copied());
    Ok(())
}
