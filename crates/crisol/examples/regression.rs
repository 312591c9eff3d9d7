//! A regression behind a `Normalization` that is adapted to the training data.

use crisol::ndarray::{Array2, Axis, s};
use crisol::prelude::*;

/// Trains it.
pub fn main() -> crisol::Result<()> {
    random::seed(1);
    let x = Array2::from_shape_fn((400, 3), |(row, column)| ((row * (7 + 4 * column)) % 97) as f32 * 10.0 + 500.0);
    let y = x.mapv(|x| x / 500.0).sum_axis(Axis(1));
    let (x_train, y_train) = (x.slice(s![..300, ..]).to_owned(), y.slice(s![..300]).to_owned());
    let (x_valid, y_valid) = (x.slice(s![300.., ..]).to_owned(), y.slice(s![300..]).to_owned());

    // [models-03]
    let norm_layer = Normalization::new().adapt(&x_train)?;
    // [models-04]
    let mut model = Sequential::new((
        norm_layer,
        Dense::new(50).activation("relu"),
        Dense::new(50).activation("relu"),
        Dense::new(50).activation("relu"),
        Dense::new(1),
    ));
    model.compile(Compile::new().loss("mse").optimizer(Adam::new(1e-3)).metric("RootMeanSquaredError"))?;
    let history = model.fit((&x_train, &y_train), Fit::epochs(20).validation_data((&x_valid, &y_valid)))?;
    // [end]
    let names = ["loss", "RootMeanSquaredError", "val_loss", "val_RootMeanSquaredError"];
    assert_eq!(history.names(), names);
    assert!(history.last("val_RootMeanSquaredError") < Some(1.0));
    Ok(())
}
