//! Clones and drawings of models.

// clippy knows the tests themselves, not their helpers.
#![allow(clippy::unwrap_used)]

use crisol_ir::ndarray::Array2;
use crisol_ir::{ErrorKind, Result};
use crisol_layers::{Add, Dense, Input, Lambda, LayerExt};
use crisol_tensor::Tensor;
use crisol_train::{Compile, Fit, Model, Sequential, Verbose};

/// A layer called twice, a frozen one, one that is a function, and a loss of a value on the way.
fn model() -> Result<Model> {
    let input = Input::named("features", [4]);
    let shared = Dense::new(4).name("shared").shared();
    let once = shared.on(&input);
    let twice = shared.on(&once);
    let doubled = Lambda::new(|x: &Tensor| x * 2.0).name("doubled").on(&Add::new().on_all(&[once.clone(), twice]));
    let output = Dense::new(1).name("head").on(&doubled);
    let mut model = Model::new(&input, &output)?;
    model.add_loss(&once, |x| x.square().mean_all() * 0.1)?;
    model.tree()?.freeze("shared")?;
    Ok(model)
}

fn data() -> (Array2<f32>, Array2<f32>) {
    let x = Array2::from_shape_fn((16, 4), |(row, column)| ((row * 7 + column * 3) % 11) as f32 / 11.0);
    let y = Array2::from_shape_fn((16, 1), |(row, _)| (row % 3) as f32);
    (x, y)
}

#[test]
fn a_clone_has_the_layers_and_weights_of_its_own() -> Result<()> {
    let mut model = model()?;
    let mut clone = model.clone_model()?;
    let described = |model: &Model| -> Result<Vec<(String, bool)>> {
        Ok(model.tree()?.weights().iter().map(|weight| (weight.path().to_string(), weight.trainable())).collect())
    };
    assert_eq!(described(&clone)?, described(&model)?);
    assert_eq!(clone.summary()?, model.summary()?);
    let (x, y) = data();
    assert_ne!(clone.predict(&x)?, model.predict(&x)?, "weights are drawn anew");
    let error = clone.fit((&x, &y), Fit::epochs(1)).unwrap_err();
    assert!(error.to_string().contains("compile"), "a clone is not compiled: {error}");

    clone.set_weights(&model.get_weights()?)?;
    let before = model.predict(&x)?;
    assert_eq!(clone.predict(&x)?, before);
    clone.compile(Compile::new().optimizer("sgd").loss("mse"))?;
    model.compile(Compile::new().optimizer("sgd").loss("mse"))?;
    assert_eq!(clone.evaluate((&x, &y))?.get("loss"), model.evaluate((&x, &y))?.get("loss"), "added losses come along");
    clone.fit((&x, &y), Fit::epochs(1).verbose(Verbose::Silent))?;
    assert_eq!(model.predict(&x)?, before, "what the clone learns, the model does not");
    assert_ne!(clone.predict(&x)?, before);
    Ok(())
}

#[test]
fn a_model_that_waits_for_its_shape_has_a_clone_that_waits() -> Result<()> {
    let model = Sequential::new((Dense::new(3), Dense::new(1)));
    let mut clone = model.clone_model()?;
    assert_eq!(clone.tree().unwrap_err().kind(), ErrorKind::State);
    assert_eq!(clone.predict(&data().0)?.shape(), [16, 1]);
    assert_eq!(model.tree().unwrap_err().kind(), ErrorKind::State, "the model is still not built");
    Ok(())
}

#[cfg(feature = "plot")]
#[test]
fn a_drawing_has_every_layer_with_its_shape() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.svg");
    model()?.plot_model(&path)?;
    let svg = std::fs::read_to_string(&path).unwrap();
    for text in
        ["features (InputLayer)", "shared (Dense)", "doubled (Lambda)", "head (Dense)", "(None, 4)", "(None, 1)"]
    {
        assert!(svg.contains(text), "{text} is not in {svg}");
    }
    let error = model()?.plot_model(folder.path().join("model.png")).unwrap_err();
    assert!(error.to_string().contains(".svg"), "{error}");
    // Without a shape there are names.
    Sequential::new((Dense::new(3), Dense::new(1))).plot_model(&path)?;
    assert!(std::fs::read_to_string(&path).unwrap().contains("dense_1 (Dense)"));
    Ok(())
}
