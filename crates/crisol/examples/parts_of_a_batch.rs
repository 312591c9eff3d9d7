//! Batches of one part, of two, of three, and of parts by name.

use crisol::prelude::*;

/// Learns to give back what comes in, whatever else there is; counts the parts that it saw.
struct CustomModel {
    parts: Vec<usize>,
}

impl TrainStep for CustomModel {
    fn train_step(&mut self, model: &mut Model, data: &Data) -> crisol::Result<Results> {
        let parts = [Some(data.x()), data.y().ok(), data.sample_weight()].into_iter().flatten().count();
        self.parts.push(parts);
        let target = data.y().unwrap_or(data.x());
        let tape = GradientTape::new();
        let y_pred = model.call(data.x(), Training)?;
        let loss = model.compiled_loss(target, &y_pred, data.sample_weight())?;
        model.apply(tape.gradient(&loss, model.trainable_weights()?)?)?;
        Ok(model.results())
    }
}

/// Trains with each kind.
pub fn main() -> crisol::Result<()> {
    let uniform = |columns| Tensor::random_uniform([32, columns], 0.0, 1.0, random::next_key()).to_array::<f32>();
    let (x, y, sw) = (uniform(3)?, uniform(3)?, uniform(1)?);
    let inputs = Input::new([3]);
    let outputs = Dense::new(3).on(&inputs);
    let mut model = Trainer::of(Model::new(&inputs, &outputs)?, CustomModel { parts: Vec::new() });
    model.compile(Compile::new().optimizer("sgd").loss("mse"))?;
    model.fit(&x, Fit::epochs(1))?;
    model.fit((&x, &y), Fit::epochs(1))?;
    model.fit((&x, &y, &sw), Fit::epochs(1))?;
    assert_eq!(model.step.parts, [1, 2, 3]);

    let (width, height) = (Input::named("width", [1]), Input::named("height", [1]));
    let area = Dense::new(1).name("area").on(&Concatenate::new().on_all(&[width.clone(), height.clone()]));
    let mut model = Model::new([&width, &height], &area)?;
    model.compile(Compile::new().optimizer(Adam::new(0.1)).loss("mse"))?;
    let (w, h) = (uniform(1)?, uniform(1)?);
    let by_name = Arrays::new().insert("height", &h).insert("width", &w);
    let history = model.fit((&by_name, &w + &h), Fit::epochs(60))?;
    assert!(history.last("loss") < history.get("loss").first().copied());
    let in_order = Arrays::new().push(&w).push(&h);
    assert_eq!(model.predict(&by_name)?, model.predict(in_order)?);
    Ok(())
}
