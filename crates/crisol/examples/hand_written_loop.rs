//! A training loop written by hand, with the losses that layers add.

use crisol::ndarray::{Array1, Array2, Axis};
use crisol::prelude::*;

/// Trains a model of two layers, one of which pulls its weights towards 0.
pub fn main() -> crisol::Result<()> {
    random::seed(1);
    let x = Array2::from_shape_fn((256, 4), |(row, column)| if row % 4 == column { 1.0f32 } else { 0.0 });
    let y = Array1::from_shape_fn(256, |row| (row % 4) as i64);
    let train_dataset = x.axis_chunks_iter(Axis(0), 64).zip(y.axis_chunks_iter(Axis(0), 64));
    let hidden = Dense::new(8).activation("relu").kernel_regularizer("l2").input_shape([4]);
    let model = Sequential::new((hidden, Dense::new(4)));
    let mut losses = Vec::new();
    // [customisation-20]
    let mut optimizer = Sgd::new(1e-1).build()?;
    let loss_fn = SparseCategoricalCrossentropy::new().from_logits(true);
    for (x, y) in train_dataset {
        let tape = GradientTape::new();
        let logits = model.call(&Tensor::from(&x), Training)?;
        let loss_value = loss_fn.call(&Tensor::from(&y), &logits, None)? + model.losses().iter().sum::<Tensor>();
        optimizer.apply(tape.gradient(&loss_value, model.trainable_weights()?)?)?;
        // [end]
        losses.push(loss_value.item()?);
    }
    assert_eq!((losses.len(), model.losses().len()), (4, 1));
    assert!(losses[3] < losses[0], "{losses:?}");
    Ok(())
}
