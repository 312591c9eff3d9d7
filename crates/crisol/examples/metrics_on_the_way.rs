//! Metrics and losses of values on the way: added by a layer, and to a functional model.

use crisol::ndarray::{Array1, Array2};
use crisol::prelude::*;

// [customisation-39]
#[derive(Debug)]
struct MetricLoggingLayer;

impl Layer for MetricLoggingLayer {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> crisol::Result<Tensor> {
        cx.add_metric("mi_std_of_activation", x.std_all());
        Ok(x.clone())
    }
}
// [end]

/// Both ways.
pub fn main() -> crisol::Result<()> {
    let x = Array2::from_shape_fn((128, 784), |(row, pixel)| if pixel % 10 == row % 10 { 1.0f32 } else { 0.0 });
    let y = Array1::from_shape_fn(128, |row| (row % 10) as i64);

    let mut model = Sequential::new((MetricLoggingLayer, Dense::new(10).activation("softmax")));
    model.compile(Compile::new().optimizer("rmsprop").loss("sparse_categorical_crossentropy"))?;
    let std = model.fit((&x, &y), Fit::epochs(1).batch_size(64))?.last("mi_std_of_activation");
    assert!(std.is_some_and(|std| (std - 0.3).abs() < 1e-2), "{std:?}"); // a tenth of the pixels is 1

    // [customisation-41]
    let inputs = Input::named("digits", [784]);
    let x1 = Dense::new(64).activation("relu").name("dense_1").on(&inputs);
    let x2 = Dense::new(64).activation("relu").name("dense_2").on(&x1);
    let outputs = Dense::new(10).activation("softmax").name("predictions").on(&x2);
    let mut model = Model::new(&inputs, &outputs)?;
    model.add_loss(&x1, |x1| x1.sum_all() * 0.1)?;
    model.add_metric("std_of_activation", &x1, |x1| x1.std_all())?;
    model.compile(Compile::new().optimizer(RmsProp::new(1e-3)).loss("sparse_categorical_crossentropy"))?;
    let history = model.fit((&x, &y), Fit::epochs(1).batch_size(64))?;
    // [end]
    assert_eq!(history.names(), ["loss", "std_of_activation"]);
    assert!(history.last("loss") > Some(10.0)); // mostly the sum of the activations
    Ok(())
}
