//! A functional model, compiled by type and by name: both learn the same.

use crisol::ndarray::{Array1, Array2};
use crisol::prelude::*;

// [customisation-01]
fn uncompiled_model() -> crisol::Result<Model> {
    random::seed(1);
    let inputs = Input::named("digits", [784]);
    let x = Dense::new(64).activation("relu").name("dense_1").on(&inputs);
    let x = Dense::new(64).activation("relu").name("dense_2").on(&x);
    let outputs = Dense::new(10).activation("softmax").name("predictions").on(&x);
    Model::new(&inputs, &outputs)
}
// [end]

// [customisation-02]
fn by_type() -> crisol::Result<Model> {
    let mut model = uncompiled_model()?;
    let compile = Compile::new().optimizer(RmsProp::new(1e-3)).loss(SparseCategoricalCrossentropy::new());
    model.compile(compile.metric(SparseCategoricalAccuracy::new()))?;
    Ok(model)
}
// [end]

// [customisation-03]
fn by_name() -> crisol::Result<Model> {
    let mut model = uncompiled_model()?;
    let compile = Compile::new().optimizer(RmsProp::new(1e-3)).loss("sparse_categorical_crossentropy");
    model.compile(compile.metric("sparse_categorical_accuracy"))?;
    Ok(model)
}
// [end]

/// Compares the histories of both.
pub fn main() -> crisol::Result<()> {
    let x = Array2::from_shape_fn((128, 784), |(row, pixel)| if pixel % 10 == row % 10 { 1.0f32 } else { 0.0 });
    let y = Array1::from_shape_fn(128, |row| (row % 10) as i64);
    let history = by_type()?.fit((&x, &y), Fit::epochs(2))?;
    assert_eq!(by_type()?.network().input_names()?, ["digits"]);
    assert_eq!(history, by_name()?.fit((&x, &y), Fit::epochs(2))?);
    assert_eq!(history.names(), ["loss", "sparse_categorical_accuracy"]);
    Ok(())
}
