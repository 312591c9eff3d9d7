//! Validation in its three forms: a share of the arrays, arrays of its own, pipelines.

use crisol::ndarray::{Array1, Array2, s};
use crisol::prelude::*;

fn compiled_model() -> crisol::Result<Sequential> {
    let mut model = Sequential::new((Input::new([4]), Dense::new(4).activation("softmax")));
    model.compile(Compile::new().optimizer("adam").loss("sparse_categorical_crossentropy").metric("accuracy"))?;
    Ok(model)
}

/// Trains with each.
pub fn main() -> crisol::Result<()> {
    let x = Array2::from_shape_fn((320, 4), |(row, column)| if row % 4 == column { 1.0f32 } else { 0.0 });
    let y = Array1::from_shape_fn(320, |row| (row % 4) as i64);
    // [customisation-42]
    let share = compiled_model()?.fit((&x, &y), Fit::epochs(3).batch_size(64).validation_split(0.2))?;
    // [end]

    let (x_train, y_train) = (x.slice(s![..256, ..]).to_owned(), y.slice(s![..256]).to_owned());
    let (x_val, y_val) = (x.slice(s![256.., ..]).to_owned(), y.slice(s![256..]).to_owned());
    let fit = Fit::epochs(3).batch_size(64).validation_data((&x_val, &y_val));
    let arrays = compiled_model()?.fit((&x_train, &y_train), fit)?;

    // [customisation-43]
    let train_dataset = Dataset::from_arrays((x_train, y_train)).shuffle(1024, 0).batch(64);
    let val_dataset = Dataset::from_arrays((x_val, y_val)).batch(16);
    let fit = Fit::epochs(3).validation_data(&val_dataset).validation_steps(2);
    let pipelines = compiled_model()?.fit(&train_dataset, fit)?;
    // [end]

    for history in [share, arrays, pipelines] {
        assert_eq!(history.names(), ["loss", "accuracy", "val_loss", "val_accuracy"]);
        assert_eq!(history.get("val_loss").len(), 3);
    }
    Ok(())
}
