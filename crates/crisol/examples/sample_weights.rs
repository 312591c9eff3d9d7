//! Weights of samples and of classes, in a training step of one's own and in the built-in one.

use crisol::ndarray::{Array1, Array2};
use crisol::prelude::*;

// [fit-06]
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

/// Trains with weights of samples, then with weights of classes, which count as much.
pub fn main() -> crisol::Result<()> {
    // [fit-06]
    let inputs = Input::new([32]);
    let outputs = Dense::new(1).on(&inputs);
    let mut model = Trainer::of(Model::new(&inputs, &outputs)?, CustomModel);
    model.compile(Compile::new().optimizer("adam").loss("mse").metric("mae"))?;
    let uniform = |columns| Tensor::random_uniform([1000, columns], 0.0, 1.0, random::next_key()).to_array::<f32>();
    let (x, y, sw) = (uniform(32)?, uniform(1)?, uniform(1)?);
    model.fit((&x, &y), Fit::epochs(3).sample_weight(&sw))?;
    // [end]
    model.fit((&x, &y, &sw), Fit::epochs(1))?;

    let x = Array2::from_shape_fn((96, 3), |(row, column)| if row % 3 == column { 1.0f32 } else { 0.0 });
    let y = Array1::from_shape_fn(96, |row| (row % 3) as i64);
    let weights = y.mapv(|class| if class == 2 { 5.0f32 } else { 1.0 });
    let trained = |fit: Fit<'_>| -> crisol::Result<History> {
        random::seed(1);
        let mut model = Sequential::new((Dense::new(3).activation("softmax").input_shape([3]),));
        model.compile(Compile::new().optimizer("sgd").loss("sparse_categorical_crossentropy"))?;
        model.fit((&x, &y), fit)
    };
    let by_class = trained(Fit::epochs(2).class_weight([(2, 5.0)]))?;
    assert_eq!(by_class, trained(Fit::epochs(2).sample_weight(&weights))?);
    assert!(by_class != trained(Fit::epochs(2))?);
    Ok(())
}
