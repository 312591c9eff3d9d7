//! A step of one's own for `predict`, of a model that is not compiled at all.

use crisol::ndarray::Array2;
use crisol::prelude::*;

/// Tells the most likely class instead of the scores of all.
struct MostLikely;

impl TrainStep for MostLikely {
    fn predict_step(&mut self, model: &mut Model, data: &Data) -> crisol::Result<Vec<Tensor>> {
        let scores = model.call(data.x(), Inference)?;
        Ok(vec![scores.argmax(-1).cast(DType::F32)])
    }
}

/// Predicts with it; what needs more than the model has says so.
pub fn main() -> crisol::Result<()> {
    let inputs = Input::new([3]);
    let outputs = Softmax::new().on(&inputs);
    let mut model = Trainer::of(Model::new(&inputs, &outputs)?, MostLikely);
    let x = Array2::from_shape_fn((7, 3), |(row, column)| if row % 3 == column { 1.0f32 } else { 0.0 });
    let classes = model.predict(&x)?;
    assert_eq!(classes.iter().copied().collect::<Vec<_>>(), [0.0, 1.0, 2.0, 0.0, 1.0, 2.0, 0.0]);
    let built_in: &mut Model = &mut model;
    assert_eq!(built_in.predict(&x)?.shape(), [7, 3]);
    let error = built_in.fit((&x, &x), Fit::epochs(1)).map(drop).map_err(|error| error.to_string());
    assert!(matches!(&error, Err(text) if text.contains("fit needs a loss")), "{error:?}");
    Ok(())
}
